const HEADER =
  /[\r\n\u560a\u560d]\s{0,4}(?:set-cookie|location|content-(?:type|length|disposition|security-policy)|transfer-encoding|x-xss-protection|access-control-\w{2,12}|refresh|link|host|x-forwarded-\w{2,8}|proxy-\w{2,16}|www-authenticate|bcc|cc|reply-to|subject|mime-version)\s{0,4}:|[\r\n]\s{0,4}http\/(?:0\.9|1\.[01]|2)\b|[\r\n](?:get|post|head|put|delete|options|trace|connect)\s{1,4}\S{1,200}\s{1,4}http\/\d/i;
/** Commands of SMTP, IMAP and POP3 on a line of their own. */
const MAIL =
  /[\r\n]{1,4}(?:(?:mail\s{1,4}from|rcpt\s{1,4}to)\s{0,4}:|(?:ehlo|helo|vrfy|expn)\s{1,4}[\w.-]{1,64}|(?:data|quit|rset|noop|starttls|stls|capa|stat|uidl)\s{0,4}(?:$|[\r\n])|auth\s{1,4}\w{2,12}\s{1,4}[\w+/=]{8}|(?:retr|dele|list|top|uidl)\s{1,4}\d{1,9}(?:\s{1,4}\d{1,9})?\s{0,4}(?:$|[\r\n])|apop\s{1,4}\S{1,64}\s{1,4}[\da-f]{32}|[a-z]{0,2}\d{0,4}\s{1,4}(?:capability\s{0,4}(?:$|[\r\n])|append\s{1,4}\S{1,64}\s{1,4}[({]|authenticate\s{1,4}(?:plain|login|cram|gssapi|xoauth)|(?:uid\s{1,4})?(?:store|fetch|copy)\s{1,4}[\d:,*]{1,32}(?:\s|$|[\r\n])|(?:select|examine|delete|create|subscribe)\s{1,4}(?:inbox|["'])|status\s{1,4}\S{1,64}\s{1,4}\(|search\s{1,4}(?:charset|all|flagged|deleted|unseen|since|from|subject|body|text)\b))/i;

/** Says whether a value ends a line and begins another that a mail server or an HTTP client would obey. */
export function isCrlfInjection(value: string): boolean {
  return HEADER.test(value) || MAIL.test(value);
}
