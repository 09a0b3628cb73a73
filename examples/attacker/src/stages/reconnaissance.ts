import type { Stage } from "../attacker.ts";

const SCANNER = "sqlmap/1.9.4#stable (https://sqlmap.org)";

const WORDS = [
  "admin.php",
  "administrator",
  "backup.zip",
  "wp-login.php",
  "wp-admin",
  "phpmyadmin",
  "test",
  "staging",
  "server-status",
  "api/v2",
  "db",
  "config",
  "console",
  "actuator",
  "old",
  "cgi-bin",
  "dump",
  "private",
  "debug",
  "setup",
  "install",
  "manager",
  "logs",
  "tmp",
  "upload",
  "uploads",
  "files",
  "internal",
  "secret",
  "hidden",
];

/** A scanner says hello, then a word list is tried. */
export const reconnaissance: Stage = {
  name: "forced browsing",
  async run(attacker) {
    for (const path of ["/", "/products?q=a", "/login"])
      await attacker.send({ path, headers: { "user-agent": SCANNER } });
    for (const word of WORDS) {
      if (attacker.stopped()) return;
      await attacker.send({ path: `/${word}` });
      await attacker.pause(40);
    }
  },
};
