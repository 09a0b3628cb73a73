/** What a line of a service's log says, in ECS's words. */
export interface LineShape {
  /** event.dataset and the product of the log source. */
  readonly dataset: string;
  /** event.action. */
  readonly action: string;
  /** Named groups: ip, user, port, and others that a rule reads; each alternative of a name has a trailing number. */
  readonly pattern: RegExp;
}

const IP = String.raw`(?:\[?::ffff:)?\[?(?<ip>[0-9a-fA-F.:]*[0-9a-fA-F])\]?`;
const shape = (dataset: string, action: string, pattern: string): LineShape => ({
  dataset,
  action,
  pattern: new RegExp(pattern.replaceAll("<IP>", IP)),
});

const LOGIN = "login_failed";

/** Lines of services, most of them failed logins; the first shape that fits a line counts. */
export const SERVICE_LINES: readonly LineShape[] = [
  shape(
    "sshd",
    "key_exchange_failed",
    String.raw`sshd(?:-session)?\[\d+\]: Unable to negotiate with <IP> port \d+: no matching`,
  ),
  shape(
    "sshd",
    LOGIN,
    String.raw`sshd(?:-session)?(?:\[\d+\]:| \d+ .*\]) (?:error: )?(?:Invalid user (?<user>\S*) from|Failed \S+ for (?:invalid user )?(?<user2>\S*) from|banner exchange: Connection from|Disconnected from authenticating user (?<user3>\S*)) <IP> port`,
  ),
  shape("opnsense", LOGIN, String.raw`Web GUI authentication error for '(?<user>[^']*)' from <IP>`),
  shape("pve", LOGIN, String.raw`pve\w+\[\d+\]: authentication failure; rhost=(?<ip>\S+) user=(?<user>\S+)`),
  shape("pbs", LOGIN, String.raw`^\S+: authentication failure; rhost=<IP>:\d+ user=(?<user>\S+)`),
  shape(
    "smb",
    LOGIN,
    String.raw`smb\w*\[\d+\]: +Auth: .*user \[[^\]]*\]\\\[(?<user>[^\]]*)\].*status \[NT_STATUS_(?!OK)\w+\].*remote host \[ipv4:(?<ip>[\d.]+):`,
  ),
  shape("radarr", LOGIN, String.raw`(?:Radarr|mono)\[\d+\]: .*Auth-Failure ip <IP> username '(?<user>[^']*)'`),
  shape(
    "adguardhome",
    LOGIN,
    String.raw`\[error\] POST \S+ /control/login: from ip <IP>: invalid username or password`,
  ),
  shape("adguardhome", LOGIN, String.raw`\[error\] POST <IP> /control/login: invalid username or password`),
  shape(
    "guacamole",
    LOGIN,
    String.raw`Authentication attempt from \[?<IP>(?:, [\d.]+)?\]? for user "(?<user>[^"]*)" failed`,
  ),
  shape("cas", LOGIN, String.raw`\|AUTHENTICATION_FAILED\|(?<user>[^|]*)\|<IP>\|`),
  shape(
    "asterisk",
    LOGIN,
    String.raw`SecurityEvent="(?:ChallengeResponseFailed|InvalidAccountID|InvalidPassword)".*AccountID="(?<user>[^"]*)".*RemoteAddress="IPV[46]/\w+/(?<ip>[^/]+)/`,
  ),
  shape(
    "authelia",
    LOGIN,
    String.raw`(?:Unsuccessful (?:1FA|TOTP|WebAuthn|Duo) authentication attempt by user '(?<user>[^']*)'|Error occurred getting details for user with username input '(?<user2>[^']*)'|user '(?<user3>[^']*)').*remote_ip=(?<ip>[0-9a-f.:]+)`,
  ),
  shape("calibre-web", LOGIN, String.raw`Login failed for user "(?<user>[^"]*)" IP-address: <IP>`),
  shape("couchdb", LOGIN, String.raw`^\[\w+\] \S+Z \S+ <[\d.]+> \S+ \S+ <IP> \S+ [A-Z]+ \S+ 401 `),
  shape(
    "couchdb",
    "database_missing",
    String.raw`^\[\w+\] .* <[\d.]+> \S+ \S+ <IP> \S+ (?:GET|HEAD) /(?<database>\S*) 404`,
  ),
  shape("cowrie", "telnet_connection", String.raw`cowrie.*\] New connection: <IP>:\d+ \([\d.]+:\d+\)`),
  shape(
    "dovecot",
    LOGIN,
    String.raw`dovecot(?:\[\d+\])?: .*(?:pam|passwd-file|sql|ldap)\((?<user>[^,)]*),(?<ip>[0-9a-f.:]+)[,)].*(?:unknown user|failed|mismatch)`,
  ),
  shape(
    "dovecot",
    LOGIN,
    String.raw`dovecot(?:\[\d+\])?: .*\(auth failed, \d+ attempts.*user=<(?<user>[^>]*)>.*rip=(?<ip>[0-9a-f.:]+)`,
  ),
  shape("endlessh", "connection", String.raw`ACCEPT host=(?:::ffff:)?(?<ip>[0-9a-f.:]+) port`),
  shape(
    "exchange",
    LOGIN,
    String.raw`^\S+Z,[^,]*,\d+,\S+:\d+,<IP>:\d+,(?<user>[^,]*),\d+,\d+,\d+,auth,.*Authentication failure`,
  ),
  shape("exchange", LOGIN, String.raw`^\S+Z,[^,]*,[^,]*,\d+,\S+:\d+,<IP>:\d+,>,535 `),
  shape(
    "exim",
    LOGIN,
    String.raw`authenticator failed for .*\[(?<ip>[0-9a-f.:]+)\](?::\d+)?: 535 Incorrect authentication data(?: \(set_id=(?<user>[^)]*)\))?`,
  ),
  shape(
    "exim",
    "recipient_unknown",
    String.raw`H=\S+ \[(?<ip>[0-9a-f.:]+)\].* F=<(?<user>[^>]*)> rejected RCPT .*No Such User`,
  ),
  shape(
    "fireflyiii",
    "password_wrong",
    String.raw`AUDIT: Login failed\. Attempt for user "(?<user>[^"]*)" failed\. \(<IP> ->`,
  ),
  shape("fireflyiii", "user_tried", String.raw`AUDIT: User is trying to login using "(?<user>[^"]*)" \(<IP> ->`),
  shape("fireflyiii", "mfa_wrong", String.raw`AUDIT: .*MFA failure count is set to \d+\. \(<IP> \((?<user>[^)]*)\) ->`),
  shape(
    "fortigate",
    LOGIN,
    String.raw`subtype="vpn".*action="ssl-login-fail" tunneltype="ssl-web".*remip=(?<ip>[\d.]+) user="(?<user>[^"]*)"`,
  ),
  shape("freeswitch", "user_unknown", String.raw`Can't find user \[(?<user>[^\]]*)\] from <IP>`),
  shape("gotify", LOGIN, String.raw`^\[GIN\] .*\| 401 \|.*\| +<IP> \|`),
  shape(
    "grafana",
    LOGIN,
    String.raw`logger=context .*(?:msg="Invalid username or password"|password-auth\.failed).*remote_addr=(?<ip>[0-9a-f.:]+)`,
  ),
  shape("hestiacp", LOGIN, String.raw`^[\d-]+ [\d:]+ (?<user>\S+) <IP> failed to login`),
  shape("home-assistant", LOGIN, String.raw`Login attempt or request with invalid authentication from \S+ \(<IP>\)`),
  shape("immich", LOGIN, String.raw`Failed login attempt for user (?<user>\S+) from ip address <IP>`),
  shape(
    "jellyfin",
    LOGIN,
    String.raw`Authentication request for "?(?<user>[^" ]*)"? has been denied \(IP: "?(?<ip>[0-9a-f.:]+)"?\)`,
  ),
  shape(
    "keycloak",
    LOGIN,
    String.raw`type="?LOGIN_ERROR"?,.*ipAddress="?(?<ip>[0-9a-f.:]+)"?, error="?(?:user_not_found|invalid_user_credentials)"?.*username="?(?<user>[^",]*)`,
  ),
  shape("litespeed", LOGIN, String.raw`\[WebAdmin Console\] Failed Login Attempt - username:(?<user>\S*) ip:<IP>`),
  shape("magento", LOGIN, String.raw`"type":"ADMIN_LOGIN_FAILED","ip":"(?<ip>[^"]+)"`),
  shape("mariadb", LOGIN, String.raw`Access denied for user '(?<user>[^']*)'@'(?<ip>[^']+)'`),
  shape("mikrotik", LOGIN, String.raw`login failure for user (?<user>\S+) from <IP>`),
  shape(
    "modsecurity",
    "critical",
    String.raw`\[client (?<ip>[0-9a-f.:]+)\] ModSecurity: .*\[severity "(?:CRITICAL|2)"\]`,
  ),
  shape("navidrome", LOGIN, String.raw`msg="HTTP: POST \S*/auth/login".*httpStatus=401 remoteAddr=(?<ip>[0-9a-f.:]+)`),
  shape("odoo", LOGIN, String.raw`Login failed for db:\S+ login:(?<user>\S+) from <IP>`),
  shape("ombi", LOGIN, String.raw`Failed login attempt by IP: <IP>`),
  shape("openvpn", LOGIN, String.raw`TLS Error: incoming packet authentication failed from \[AF_INET6?\]<IP>:\d+`),
  shape(
    "overseerr",
    LOGIN,
    String.raw`Failed sign-in attempt .*"ip":"(?:::ffff:)?(?<ip>[^"]+)"(?:,"email":"(?<user>[^"]*)")?`,
  ),
  shape(
    "palo-alto",
    "threat",
    String.raw`,THREAT,(?:[^,]*,){3}(?<ip>[\d.]+),.*,(?:medium|high|critical),(?:client|server)-to-`,
  ),
  shape(
    "pf",
    "dropped",
    String.raw`filterlog(?:\[\d+\])?: (?:[^,]*,){6}block,in,4,(?:[^,]*,){7}tcp,\d+,(?<ip>[\d.]+),[\d.]+,\d+,(?<port>\d+),`,
  ),
  shape(
    "iptables",
    "dropped",
    String.raw`kernel: (?!.*\[UFW (?:AUDIT|ALLOW)\]).*IN=\S+ OUT= .*SRC=(?<ip>[0-9a-f.:]+) .*PROTO=TCP SPT=\d+ DPT=(?<port>\d+)`,
  ),
  shape("postgresql", LOGIN, String.raw`^<IP> .*FATAL: +password authentication failed for user "(?<user>[^"]*)"`),
  shape(
    "postfix",
    "helo_rejected",
    String.raw`reject: RCPT from \S+\[(?<ip>[0-9a-f.:]+)\]: 504 .*Helo command rejected`,
  ),
  shape("postfix", "rejected", String.raw`postfix.*reject: \S+ from \S+\[(?<ip>[0-9a-f.:]+)\]: `),
  shape("postfix", "not_smtp", String.raw`postfix.*warning: non-SMTP command from \S+\[(?<ip>[0-9a-f.:]+)\]`),
  shape("postfix", LOGIN, String.raw`postfix.*warning: \S+\[(?<ip>[0-9a-f.:]+)\]: SASL \S+ authentication failed`),
  shape(
    "pterodactyl",
    LOGIN,
    String.raw`failed to validate user credentials \([^)]*\) ip=<IP>:\d+ .*username=(?<user>\S+)`,
  ),
  shape("qbittorrent", LOGIN, String.raw`WebAPI login failure\. Reason: .*IP: <IP>, username: (?<user>.*)`),
  shape("redmine", LOGIN, String.raw`Failed login for '(?<user>[^']*)' from <IP> at`),
  shape(
    "sabnzbd",
    LOGIN,
    String.raw`(?:Unsuccessful login attempt from|Mislukte login poging van) (?:\S+ \(X-Forwarded-For: )?<IP>[ ,]`,
  ),
  shape("sshesame", "command", String.raw`^\S+ \S+ \[(?<ip>[0-9a-f.:]+):\d+\] .*command "(?<command>.*)" requested`),
  shape(
    "sshesame",
    "login_accepted",
    String.raw`^\S+ \S+ \[(?<ip>[0-9a-f.:]+):\d+\] authentication for user "(?<user>[^"]*)" with password ".*" accepted`,
  ),
  shape("stirling-pdf", LOGIN, String.raw`Failed login attempt from IP: <IP>`),
  shape(
    "teamspeak",
    LOGIN,
    String.raw`query from \d+ <IP>:\d+ attempted to login with account "(?<user>[^"]*)" and failed`,
  ),
  shape("technitium", LOGIN, String.raw`\[<IP>:\d+\] .*Invalid username or password for user: (?<user>\S+)`),
  shape("uptime-kuma", LOGIN, String.raw`Incorrect username or password for user (?<user>\S+)\. IP=<IP>`),
  shape("uptime-kuma", LOGIN, String.raw`Invalid token provided for user (?<user>\S+)\. IP=<IP>`),
  shape("vaultwarden", LOGIN, String.raw`vaultwarden::api::.*\]\[ERROR\] .*IP: (?<ip>[0-9a-f.:]*[0-9a-f])`),
  shape(
    "webmin",
    LOGIN,
    String.raw`\] (?<user>\S+) \S+ (?<ip>[0-9a-f.:]+) global miniserv\.pl "failed" "-" "(?:wrongpass|baduser)"`,
  ),
  shape(
    "windows-security",
    LOGIN,
    String.raw`<EventID>4625</EventID>.*<Data Name=['"]TargetUserName['"]>(?<user>[^<]*)<.*<Data Name=['"]IpAddress['"]>(?<ip>[^<]+)<`,
  ),
  shape("zimbra", LOGIN, String.raw`oip=(?<ip>[0-9a-f.:]+);.*authentication failed for \[(?<user>[^\]]*)\]`),
  shape(
    "zoneminder",
    LOGIN,
    String.raw`web_php\[\d+\]\.ERR \[(?<ip>[^\]]+)\] \[(?:Could not retrieve user (?<user>\S+) details|Login denied for user "(?<user2>[^"]*)")`,
  ),
  shape("bind", "query_denied", String.raw`client (?:@\S+ )?<IP>#\d+ \(\S+\): (?:query|zone transfer) .*denied`),
  shape("lfd", "blocked", String.raw`lfd\[\d+\]: .* from <IP> `),
  shape("cpanel", "blocked", String.raw`brute force attempt \(user (?<user>[^)]*)\) has locked out IP <IP>`),
  shape("amavis", "infected", String.raw`amavis\[\d+\]: .*Blocked INFECTED .*\[<IP>\]:\d+`),
  shape("mailscanner", "blacklisted", String.raw`MailScanner\[\d+\]: Message \S+ from <IP> .*is spam \(blacklisted\)`),
  shape("mailu", "rate_limited", String.raw`Authentication attempt from <IP> has been rate-limited`),
  shape("kernel", "segfault_in_loader", String.raw`kernel: .* (?<user>\S+)\[\d+\]: segfault at .* in ld-linux-`),
  shape(
    "pkexec",
    "shell_missing",
    String.raw`pkexec\[\d+\]: (?<user>\S+): The value for the (?:SHELL|environment) variable`,
  ),
];
