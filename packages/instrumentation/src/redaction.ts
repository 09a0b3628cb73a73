/** What stands in the place of a secret. */
export const REDACTED = "REDACTED";

/** Query parameters that OpenTelemetry's semantic conventions ask to redact; `isSecretName` holds for each of them, and for more. */
export const OTEL_SENSITIVE_QUERY_PARAMETERS = ["AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"] as const;

/** Parameter, header and cookie names whose values never leave the process. Compared without case, `-`, `_`, `.` and brackets. */
const SECRET_NAME =
  /^(?:sig|signature|hmac|assertion|samlresponse|samlrequest|awsaccesskeyid|auth|authorization|xauth|cookie|setcookie|key|pass|otp|totp|pin|ssn|iban|pan|ccnumber|ccnum|cvv|cvc|code|state|nonce|jwt|sid|connectsid)$|signature$|authorization$|passw|passphrase|pwd|secret|token|apikey|accesskey|privatekey|credential|session|sessid|csrf|xsrf|bearer|onetime|verificationcode|creditcard|cardnumber|cardcode/;

/** Says whether a name (of a parameter, header or cookie) is one whose value is a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.toLowerCase().replaceAll(/[-_.[\]\s]/g, ""));
}

/** Secrets that are known by their look: JWTs, credentials of the Authorization header, keys of well-known services, private keys. */
const SECRET_VALUES = new RegExp(
  [
    /\beyJ[\w-]{8,2000}\.[\w-]{1,4000}(?:\.[\w-]{0,2000})?/,
    /\b(?:Bearer|Basic|Digest|Negotiate)(?:\s|\+|%20){1,3}[\w.~+/=%-]{8,4000}/,
    /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
    /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|xox[abeoprs]-|AIza|ya29\.|[sr]k_(?:live|test)_|sk-|SG\.|hf_|dop_v1_)[\w.-]{12,255}/,
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gi",
);

/** Replaces what looks like a token, a credential or a key inside a text. */
export function redactSecrets(text: string): string {
  return text.replaceAll(SECRET_VALUES, (match) => {
    const scheme = /^(?:Bearer|Basic|Digest|Negotiate)(?=\s|\+|%20)/i.exec(match)?.[0];
    return scheme === undefined ? REDACTED : `${scheme} ${REDACTED}`;
  });
}

const CARD = /(?<!\d)[2-6](?:(?:[ +-]|%20)?\d){12,18}(?!\d)/g;
const EMAIL = /[\w.+'-]{1,64}(?:@|%40)(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/gi;
const URL_CREDENTIALS = /((?::|%3a)(?:\/\/|%2f%2f))[^/?#@\s%]{1,256}(?:(?::|%3a)[^/?#@\s]{0,256}?)?(@|%40)/gi;
/** The name of `name: value`, `name=value`, `"name":"value"`, percent-encoded or not, and what stands between it and the value. */
const NAME =
  /(?<=^|[^\w.-]|%[0-9a-f]{2})([a-z][\w.-]{1,63})(?:["']|%22|%27)?(?:\s|\+|%20){0,3}(?:[:=]|%3a|%3d)(?:\s|\+|%20){0,3}/gi;
const VALUE = /"[^"]*"?|'[^']*'?|%22(?:[^%]|%(?!22))*(?:%22)?|[^\s&;,"'<>)}%]+/iy;

/** Replaces the values of secret names, wherever in a text a name and its value stand together. */
function redactPairs(text: string): string {
  let redacted = "";
  let copied = 0;
  NAME.lastIndex = 0;
  for (let match = NAME.exec(text); match !== null; match = NAME.exec(text)) {
    if (!isSecretName(match[1] ?? "")) continue;
    VALUE.lastIndex = NAME.lastIndex;
    if (!VALUE.test(text)) continue;
    redacted += text.slice(copied, NAME.lastIndex) + REDACTED;
    copied = VALUE.lastIndex;
    NAME.lastIndex = copied;
  }
  return redacted + text.slice(copied);
}

/** Replaces everything in a text that names a person or opens something: tokens, values of secret names, credentials in URLs, card numbers, e-mail addresses. */
export function redactText(text: string): string {
  const redacted = redactPairs(redactSecrets(text)).replaceAll(CARD, (match) =>
    isCardNumber(match) ? REDACTED : match,
  );
  // Most texts have neither, and looking for the sign is the cheapest way to know.
  if (!redacted.includes("@") && !redacted.includes("%40")) return redacted;
  return redacted.replaceAll(URL_CREDENTIALS, `$1${REDACTED}:${REDACTED}$2`).replaceAll(EMAIL, REDACTED);
}

/** Luhn's check, which every card number passes and one of ten other numbers. */
function isCardNumber(text: string): boolean {
  const digits = text.replaceAll("%20", "").replaceAll(/\D/g, "");
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = Number(digits[digits.length - 1 - index]);
    if (index % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

const SAMPLE_CHARACTERS = 256;
/** A whole document: what is wrong about it is in its declarations, and what somebody wrote stands between its tags. */
const XML_DOCUMENT = /^\s*<(?:\?xml|!doctype)\b/i;

/** Makes `vedette.request.sample` of a value: secrets redacted, cut to 256 characters, control characters escaped. */
export function sampleOf(value: string): string {
  const beginning = value.length > 4 * SAMPLE_CHARACTERS ? value.slice(0, 4 * SAMPLE_CHARACTERS) : value;
  const text = redactText(
    XML_DOCUMENT.test(beginning) ? beginning.replaceAll(/>[^<>]*[^<>\s\]][^<>]*(?=<|$)/g, ">…") : beginning,
  );
  const cut = text.length > SAMPLE_CHARACTERS ? text.slice(0, SAMPLE_CHARACTERS) : text;
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about.
  return cut.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\x${code.toString(16).padStart(2, "0")}`;
  });
}

/** Characters beyond the cut that are looked at, so that nothing is only half there and not known for what it is. */
const BEYOND = 256;
const QUERY_CHARACTERS = 2048;
/** Between parameters, also those of a URL that is itself a parameter's value, encoded up to three times. */
const BETWEEN_PARAMETERS = /([&;?#]|%(?:25){0,3}(?:26|3b|3f|23))/i;
const EQUALS = /=|%(?:25){0,3}3d/i;

/** Makes `url.query` of a raw query string: values of secret parameters, tokens and what names a person redacted, cut to 2,048 characters. */
export function redactQuery(query: string): string {
  const cut = query.length > QUERY_CHARACTERS ? query.slice(0, QUERY_CHARACTERS + BEYOND) : query;
  const parts = cut.split(BETWEEN_PARAMETERS);
  for (let index = 0; index < parts.length; index += 2) {
    const part = parts[index] ?? "";
    const equals = EQUALS.exec(part);
    if (equals === null || equals.index === 0) continue;
    const name = part.slice(0, equals.index);
    if (isSecretName(decoded(name))) parts[index] = `${name}${equals[0]}${REDACTED}`;
  }
  return redactText(parts.join("")).slice(0, QUERY_CHARACTERS);
}

const PATH_CHARACTERS = 1024;
/** A part of a path that is long, has letters and digits, and is no UUID: a ticket for a password reset, an invitation, a session. */
const LONG_SEGMENT =
  /(?<=\/)(?=[\w~-]*\d)(?=[\w~-]*[a-z])(?![0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:[/;]|$))[\w~-]{32,}(?=[/;.]|$)/gi;

/** A part of a route that stands for any value: `:token`, `:token(\\d+)`, `{token}`, `[token]`. */
const ROUTE_PARAMETER = /^(?::([a-z_]\w*)|\{([a-z_]\w*)|\[([a-z_]\w*))/i;

/**
 * Makes `url.path` of a raw path: parameters of the route and of the path itself with a secret's name, tokens, tickets and what names a person redacted, cut to 1,024 characters.
 *
 * @param route As far as it is known: `/reset/:token` says what else only a guess would.
 */
export function redactPath(path: string, route?: string): string {
  const cut = path.length > PATH_CHARACTERS ? path.slice(0, PATH_CHARACTERS + BEYOND) : path;
  const named = route === undefined ? cut : withoutSecretParameters(cut, route);
  return redactText(named).replaceAll(LONG_SEGMENT, REDACTED).slice(0, PATH_CHARACTERS);
}

/** Parts are compared one by one from the left; behind a wildcard nothing is known any more. */
function withoutSecretParameters(path: string, route: string): string {
  if (!/[:{[]/.test(route)) return path;
  const parts = path.split("/");
  for (const [index, pattern] of route.split("/").entries()) {
    if (pattern.includes("*") || index >= parts.length) break;
    const match = ROUTE_PARAMETER.exec(pattern);
    if (match !== null && parts[index] !== "" && isSecretName(match[1] ?? match[2] ?? match[3] ?? ""))
      parts[index] = REDACTED;
  }
  return parts.join("/");
}

const URL_CHARACTERS = 1024;

/** Makes `url.full` of a URL: as the query and the path, and without the credentials before the host. */
export function redactUrl(url: string): string {
  const cut = url.length > URL_CHARACTERS ? url.slice(0, URL_CHARACTERS + BEYOND) : url;
  const mark = cut.indexOf("?");
  if (mark < 0) return redactPath(cut);
  return `${redactPath(cut.slice(0, mark))}?${redactQuery(cut.slice(mark + 1))}`.slice(0, URL_CHARACTERS);
}

const USER_AGENT_CHARACTERS = 512;
/** User agents whose redacted form is remembered: a service meets the same few again and again. */
const USER_AGENTS = 256;
const userAgents = new Map<string, string>();

/** Makes `user_agent.original` of the header: what names a person or opens something redacted, cut to 512 characters. */
export function redactUserAgent(userAgent: string): string {
  const known = userAgents.get(userAgent);
  if (known !== undefined) return known;
  const redacted = redactText(userAgent.slice(0, USER_AGENT_CHARACTERS + BEYOND)).slice(0, USER_AGENT_CHARACTERS);
  if (userAgent.length > USER_AGENT_CHARACTERS) return redacted;
  if (userAgents.size >= USER_AGENTS) userAgents.clear();
  userAgents.set(userAgent, redacted);
  return redacted;
}

function decoded(text: string): string {
  let decoding = text;
  for (let round = 0; round < 3 && decoding.includes("%"); round++) {
    try {
      decoding = decodeURIComponent(decoding);
    } catch {
      return decoding;
    }
  }
  return decoding;
}
