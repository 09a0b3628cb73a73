/** What stands in the place of a secret. */
export const REDACTED = "REDACTED";

/** Parameter, header and cookie names whose values never leave the process. Compared without case, `-` and `_`. */
const SECRET_NAME =
  /^(?:sig|signature|xgoogsignature|xamzsignature|xamzsecuritytoken|awsaccesskeyid|auth|authorization|cookie|setcookie|csrf|xsrf|otp|pin|ssn|cvv|cvc|code|state|jwt|sid|phpsessid|jsessionid)$|passw|passwd|pwd|secret|token|apikey|accesskey|privatekey|credential|session|creditcard|cardnumber/;

/** Says whether a name (of a parameter, header or cookie) is one whose value is a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.toLowerCase().replaceAll(/[-_.[\]]/g, ""));
}

const SECRET_VALUES = /\beyJ[\w-]{8,2000}\.[\w-]{1,4000}(?:\.[\w-]{0,2000})?|\b(Bearer|Basic)\s+[\w.~+/=-]{8,4000}/gi;

/** Replaces what looks like a token (JWT, bearer or basic credentials) inside a text. */
export function redactSecrets(text: string): string {
  return text.replaceAll(SECRET_VALUES, (_match, scheme: string | undefined) =>
    scheme === undefined ? REDACTED : `${scheme} ${REDACTED}`,
  );
}

const SAMPLE_CHARACTERS = 256;

/** Makes `vedette.request.sample` of a value: tokens redacted, cut to 256 characters, control characters escaped. */
export function sampleOf(value: string): string {
  const text = redactSecrets(value.length > 4 * SAMPLE_CHARACTERS ? value.slice(0, 4 * SAMPLE_CHARACTERS) : value);
  const cut = text.length > SAMPLE_CHARACTERS ? text.slice(0, SAMPLE_CHARACTERS) : text;
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about.
  return cut.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\x${code.toString(16).padStart(2, "0")}`;
  });
}

const QUERY_CHARACTERS = 2048;

/** Makes `url.query` of a raw query string: values of secret parameters and tokens redacted, cut to 2,048 characters. */
export function redactQuery(query: string): string {
  const cut = query.length > QUERY_CHARACTERS ? query.slice(0, QUERY_CHARACTERS) : query;
  const parts = cut.split("&");
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? "";
    const equals = part.indexOf("=");
    if (equals > 0 && isSecretName(part.slice(0, equals))) parts[index] = `${part.slice(0, equals)}=${REDACTED}`;
  }
  return redactSecrets(parts.join("&"));
}
