/** One text in a body: the value of a field, or the name of one. */
export interface BodyField {
  /** Where it stands: `address.city`, `items[3]`, `filename`; empty for a body that is one text. */
  readonly path: string;
  readonly text: string;
  readonly kind: "value" | "name" | "file name" | "whole";
}

/** How a body is read. */
export type BodyFormat = "json" | "form" | "multipart" | "xml" | "text";

/** The format of a content type that is looked at, with the boundary of its parts; undefined for others. */
export function bodyFormat(
  contentType: string,
): { readonly format: BodyFormat; readonly boundary: string } | undefined {
  const type = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  const format = formatOf(type);
  if (format === undefined) return undefined;
  const boundary = /;\s{0,8}boundary\s{0,4}=\s{0,4}(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  return { format, boundary: boundary?.[1] ?? boundary?.[2] ?? "" };
}

function formatOf(type: string): BodyFormat | undefined {
  if (type === "application/x-www-form-urlencoded") return "form";
  if (type === "multipart/form-data") return "multipart";
  if (type === "application/json" || type.endsWith("+json") || type === "application/x-ndjson" || type === "text/json")
    return "json";
  if (type === "application/xml" || type === "text/xml" || type.endsWith("+xml")) return "xml";
  if (type === "application/graphql" || type === "application/javascript" || type.startsWith("text/")) return "text";
  return undefined;
}

/**
 * The fields of a body, in the order in which they stand; a body that was cut off gives those that are whole and the beginning of the last.
 *
 * @param text The body as UTF-8.
 */
export function* bodyFields(text: string, format: BodyFormat, boundary: string): Generator<BodyField> {
  if (format === "json") yield* jsonFields(text);
  else if (format === "form") yield* formFields(text);
  else if (format === "multipart") yield* multipartFields(text, boundary);
  else if (format === "xml") yield* xmlFields(text);
  else yield { path: "", text, kind: "whole" };
}

function* formFields(text: string): Generator<BodyField> {
  let start = 0;
  while (start <= text.length) {
    const next = text.indexOf("&", start);
    const end = next < 0 ? text.length : next;
    if (end > start) {
      const equals = text.indexOf("=", start);
      const split = equals < 0 || equals > end ? end : equals;
      const name = text.slice(start, split);
      yield { path: name, text: name, kind: "name" };
      if (split < end) yield { path: name, text: text.slice(split + 1, end), kind: "value" };
    }
    start = end + 1;
  }
}

const DEEPEST = 64;

/**
 * Walks JSON by its tokens, without building it: a text that is cut off, has several documents or is not quite JSON gives what it has.
 */
function* jsonFields(text: string): Generator<BodyField> {
  const path: (string | number)[] = [];
  const objects: boolean[] = [];
  let expectsName = false;
  let strings = 0;
  let index = 0;
  while (index < text.length) {
    const character = text[index] ?? "";
    if (character === '"') {
      const end = endOfString(text, index + 1);
      const content = unescapeJson(text.slice(index + 1, end));
      index = end + 1;
      strings++;
      if (expectsName) {
        if (path.length > 0) path[path.length - 1] = content;
        yield { path: pathOf(path), text: content, kind: "name" };
        expectsName = false;
      } else yield { path: pathOf(path), text: content, kind: "value" };
      continue;
    }
    index++;
    if (character === "{" || character === "[") {
      objects.push(character === "{");
      if (path.length < DEEPEST) path.push(character === "{" ? "" : 0);
      expectsName = character === "{";
    } else if (character === "}" || character === "]") {
      objects.pop();
      if (path.length > objects.length) path.pop();
      expectsName = false;
    } else if (character === ",") {
      expectsName = objects.at(-1) === true;
      const last = path.at(-1);
      if (!expectsName && typeof last === "number") path[path.length - 1] = last + 1;
    }
  }
  // Sent as JSON, but it is none: looked at as the text that it is.
  if (strings === 0 && !/^[\s\d.,[\]{}:truefalsn+-]{0,64}$/.test(text)) yield { path: "", text, kind: "whole" };
}

function endOfString(text: string, from: number): number {
  let index = from;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index;
    index += code === 0x5c ? 2 : 1;
  }
  return text.length;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

function unescapeJson(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_whole, code?: string, other?: string) =>
    code === undefined ? (SHORT_ESCAPES[other ?? ""] ?? other ?? "") : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function pathOf(path: readonly (string | number)[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
    if (text.length > 128) break;
  }
  return text;
}

function* multipartFields(text: string, boundary: string): Generator<BodyField> {
  if (boundary === "") return;
  const delimiter = `--${boundary}`;
  let start = text.indexOf(delimiter);
  while (start >= 0) {
    start += delimiter.length;
    if (text.startsWith("--", start)) return;
    const next = text.indexOf(delimiter, start);
    const part = text.slice(start, next < 0 ? text.length : next);
    const gap = /\r?\n\r?\n/.exec(part);
    const head = gap === null ? part : part.slice(0, gap.index);
    const name = /\bname\s{0,4}=\s{0,4}(?:"([^"\r\n]{0,256})"|([^\s;"]{1,256}))/i.exec(
      head.replace(/\bfilename\*?\s{0,4}=/gi, "file="),
    );
    const path = name?.[1] ?? name?.[2] ?? "";
    if (path !== "") yield { path, text: path, kind: "name" };
    for (const match of head.matchAll(
      /\bfilename\*?\s{0,4}=\s{0,4}(?:"([^\r\n]{0,512}?)"(?=\s{0,4}(?:;|\r|\n|$))|([^\s;]{1,512}))/gi,
    ))
      yield { path, text: match[1] ?? match[2] ?? "", kind: "file name" };
    // Contents of files are the application's own business, unless they say that they are text.
    if (
      gap !== null &&
      (!/\bfilename/i.test(head) || /content-type\s{0,4}:\s{0,4}(?:text\/|application\/(?:json|xml))/i.test(head))
    )
      yield { path, text: part.slice(gap.index + gap[0].length).replace(/\r?\n$/, ""), kind: "value" };
    start = next;
  }
}

function* xmlFields(text: string): Generator<BodyField> {
  // The prologue is looked at as a whole: a document type is not inside any field.
  if (/<!(?:doctype|entity)|xinclude|schemalocation/i.test(text))
    yield { path: "", text: text.slice(0, PROLOGUE), kind: "whole" };
  let element = "";
  let index = 0;
  while (index < text.length) {
    const open = text.indexOf("<", index);
    const content = text.slice(index, open < 0 ? text.length : open);
    if (content.trim() !== "") yield { path: element, text: unescapeXml(content), kind: "value" };
    if (open < 0) return;
    if (text.startsWith("<!--", open)) index = behind(text, "-->", open + 4);
    else if (text.startsWith("<![CDATA[", open)) {
      index = behind(text, "]]>", open + 9);
      yield { path: element, text: text.slice(open + 9, index).replace(/\]\]>$/, ""), kind: "value" };
    } else if (text[open + 1] === "!" || text[open + 1] === "?") index = behind(text, ">", open + 2);
    else {
      const end = endOfTag(text, open + 1);
      const tag = text.slice(open + 1, end);
      element = /^\/?([^\s/>]{0,128})/.exec(tag)?.[1] ?? "";
      yield* xmlAttributes(tag, element);
      index = end + 1;
    }
  }
}

const PROLOGUE = 4096;

function behind(text: string, ending: string, from: number): number {
  const found = text.indexOf(ending, from);
  return found < 0 ? text.length : found + ending.length;
}

/** Where a tag ends; a bracket inside quotes does not end it. */
function endOfTag(text: string, from: number): number {
  let quote = 0;
  for (let index = from; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quote !== 0) quote = code === quote ? 0 : quote;
    else if (code === 0x22 || code === 0x27) quote = code;
    else if (code === 0x3e) return index;
  }
  return text.length;
}

function* xmlAttributes(tag: string, element: string): Generator<BodyField> {
  let index = tag.indexOf("=");
  while (index >= 0) {
    const name = /[\w:.-]{1,128}\s{0,8}$/.exec(tag.slice(Math.max(0, index - 136), index))?.[0].trim() ?? "";
    const quote = /^\s{0,8}(["'])/.exec(tag.slice(index + 1, index + 10));
    if (quote === null) {
      index = tag.indexOf("=", index + 1);
      continue;
    }
    const start = index + 1 + quote[0].length;
    const end = tag.indexOf(quote[1] ?? '"', start);
    const value = tag.slice(start, end < 0 ? tag.length : end);
    yield { path: `${element}@${name}`, text: unescapeXml(value), kind: "value" };
    index = end < 0 ? -1 : tag.indexOf("=", end + 1);
  }
}

const XML_ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|quot|apos|amp));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return XML_ENTITIES[name.toLowerCase()] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
