import { normaliseUserName } from "./pseudonyms.ts";

/** Names that guessing tools try first on any service, as their word lists agree. */
const COMMON: ReadonlySet<string> = new Set(
  (
    "admin administrator root superuser sysadmin system sys user users test tester testing test1 guest demo info " +
    "support operator manager webmaster postmaster owner staff service backup ftp ftpuser mysql postgres oracle " +
    "sa sql db dba tomcat jenkins git ubuntu debian centos ec2-user pi www www-data apache nginx web webadmin " +
    "adm default anonymous nobody supervisor moderator root1 admin1 admin123 user1 student teacher dev developer deploy"
  ).split(" "),
);

/** Says whether a user name is one of those that are tried on every service, whether it exists there or not. */
export function isCommonUserName(name: string): boolean {
  return COMMON.has(normaliseUserName(name));
}
