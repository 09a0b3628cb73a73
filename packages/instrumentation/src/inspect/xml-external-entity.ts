/** An entity, or a document type with parts of its own or from elsewhere. */
const DECLARED =
  /<!entity\s{1,8}%?\s{0,8}[\w.:-]{1,64}\s{1,8}(?:system|public|["'])|<!doctype\s{1,8}[\w.:-]{1,64}\s{0,8}(?:\[|system\s{1,8}["'](?!about:legacy-compat)|public\s{1,8}["'](?!-\/\/(?:w3c|ietf|wapforum)\/\/))/i;
/** Documents included from elsewhere. */
const INCLUDED =
  /<xi:include\b[^>]{0,200}\bhref\b|\bxsi:(?:nonamespace)?schemalocation\s{0,4}=\s{0,4}["'][^"']{0,200}https?:|<xs:(?:include|import)\b[^>]{0,200}\bschemalocation\b|<xsl:(?:include|import)\b|xmlns:xi\s{0,4}=/i;
const LOOSE = /!entity\s{1,8}%?\s{0,8}[\w.:-]{1,64}\s{1,8}(?:system|public)\b/i;
/** UTF-7 forms of `<!DOCTYPE` and `<!ENTITY`. */
const SEVEN_BIT = /\+adw(?:aiq)?-(?:doctype|entity)/i;

/** Says whether a text declares entities of its own or includes other documents, which a parser of XML would load. */
export function isXmlExternalEntity(value: string): boolean {
  if (!/!|xi:|schemalocation|<x|\+adw/i.test(value)) return false;
  return DECLARED.test(value) || INCLUDED.test(value) || LOOSE.test(value) || SEVEN_BIT.test(value);
}
