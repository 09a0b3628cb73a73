/* oxlint-disable no-control-regex -- control characters are what attackers put in, and what has to be matched. */
import { CHARACTERS as C, kindsOf } from "./character-classes.ts";
import { decodeEntities } from "./decode.ts";

const CANDIDATE = /^script|[<>"'`=(:{&\\]|\b(?:document|window|self)\b|\+ad[wt4]/i;

/** Elements that bring script, foreign content or a new document with them, whatever their attributes. */
const ACTIVE_ELEMENT =
  /(?!<\?xml(?:-stylesheet)?\s)<[\s/\u0000!?]{0,8}(?:\w{1,8}:)?(?:script|iframe|object|embed|applet|svg|math|meta|link|base|frame|frameset|ilayer|layer|bgsound|isindex|xml|xss|vmlframe|foreignobject|animate|set|handler|listener|portal|style|form|input|textarea|button|dialog|html|body|head|xsl:\w{2,12}|xml-stylesheet|import)(?=[\s/>:+"'\u0000]|$)/i;
/** Style sheets and documents: active with what makes them so. */
const STYLED = /<[\s/]{0,4}style\b[^<]{0,400}(?:expression|javascript|@import|behavior|binding|url\s*\()/i;
const STYLE_TYPE = /<style\b[^>]{0,80}type\s*=\s*["']?text\/javascript/i;

const EVENT =
  "(?:abort|activate|afterprint|afterscriptexecute|animation\\w{0,12}|auxclick|beforecopy|beforecut|before\\w{3,20}|begin|blur|bounce|cached|canplay\\w{0,8}|cellchange|change|click|close|contextmenu|copy|cuechange|cut|dataavailable|dataset\\w{0,8}|dblclick|deactivate|drag\\w{0,8}|drop|durationchange|emptied|end|ended|error\\w{0,8}|filterchange|finish|focus\\w{0,4}|formchange|forminput|fullscreen\\w{0,8}|hashchange|help|input|invalid|key(?:down|press|up)|languagechange|layoutcomplete|load\\w{0,8}|losecapture|message|mouse\\w{2,8}|move\\w{0,5}|offline|online|outofsync|page(?:hide|show)|paste|pause|play\\w{0,4}|pointer\\w{2,16}|popstate|progress|propertychange|ratechange|readystatechange|repeat|reset|resize\\w{0,5}|resume|reverse|row\\w{3,10}|scroll\\w{0,8}|search|seek\\w{2,5}|select\\w{0,8}|show|stalled|start|stop|storage|submit|suspend|syncrestored|timeerror|timeupdate|toggle|touch\\w{2,6}|track\\w{0,8}|transition\\w{2,8}|unload|unhandledrejection|urlflip|volumechange|waiting|webkit\\w{3,24}|wheel|zoom)";
/** An event handler inside a tag, or behind a quote that closed an attribute. */
const HANDLER_IN_TAG = new RegExp(
  `<[a-z!?/\\u0080-\\uffff%][^<]{0,600}?[\\s/"'\`\\u0000-\\u0020]on${EVENT}[\\s\\u0000-\\u0020/]{0,8}=`,
  "i",
);
const HANDLER_AFTER_QUOTE = new RegExp(
  `["'\`][^<>]{0,60}?[\\s/"'\`]?on${EVENT}\\s{0,8}=\\s{0,8}["'\`]?[^\\s"'&]{0,80}[\\w.:]`,
  "i",
);
const BARE_HANDLER = new RegExp(
  `(?:^|[\\s/])on${EVENT}\\s{0,4}=\\s{0,4}["'\`]?\\s{0,4}[\\w.$[\\]]{1,40}\\s{0,4}[(\`=;]`,
  "i",
);

/** Schemes that run code, read after entities are decoded and white space is dropped, as browsers do. */
const SCRIPT_SCHEME =
  /(?:javascript|vbscript|livescript|jscript|mocha):[^a-z]{0,12}(?:[\w.$[\]'"/*%\\-]{0,60}[(=`[]|[\w.]{1,40}(?:;|["'>])|\/\/|\/\*|\\)/i;
const SCRIPT_SCHEME_IN_ATTRIBUTE = /(?:=|url\(|\bto=|<)["'`(]{0,3}(?:javascript|vbscript|livescript|mocha):/i;
const DATA_DOCUMENT =
  /data:(?:text\/(?:html|xml|javascript)|image\/svg\+xml|application\/(?:x-)?(?:javascript|xhtml\+xml|xml)|[,;])[^\s]{0,40}[,;]/i;

/** Calls and objects that code smuggled into a script uses. */
const SCRIPT_CALL =
  "(?:alert|confirm|prompt|eval|settimeout|setinterval|execscript|msgbox|string\\.fromcharcode|atob|unescape|decodeuri(?:component)?|expression|fetch|import|require|constructor|function)";
/** A string or expression left inside a script: quote, separator, call. */
const SCRIPT_BREAKOUT = new RegExp(
  `(?:^|[^\\w])["'\`\\\\][\\s)\\]}]{0,8}(?:[;+*/%^|&,<>=?:!~-]|\\)|\\}|\\]|\\s)[\\s;+(!~{}[\\]-]{0,8}(?:[\\w$.]{1,20}\\s{0,3}=\\s{0,3})?(?:window|self|top|parent|this|document)?[.[\\s"'\\]]{0,5}${SCRIPT_CALL}["'\\]]{0,3}\\s{0,4}[(\`.\\[]`,
  "i",
);
/** Calls that do harm without anything around them; the rest of the list are words of any text about programming. */
const HARMFUL_CALL =
  "(?:alert|confirm|prompt|eval|settimeout|setinterval|execscript|msgbox|string\\.fromcharcode|atob|unescape|decodeuri(?:component)?|expression)";
const LEADING_CALL = new RegExp(
  `(?:^|[;{}>\\]=:,*/\\s(])${HARMFUL_CALL}\\s{0,4}(?:\\(|\`)\\s{0,4}(?:["'\`/\\d]|document|string|unescape|location|this|window|name\\b|\\)|\\w{1,12}\\))`,
  "i",
);
const DOCUMENT_ACCESS =
  /\b(?:document|window|self|top|parent)\s{0,8}\)?\s{0,8}(?:\.|\[\s{0,8}["'])\s{0,6}(?:\$["']|\\x24|globaleval|textcontent|cookie|write(?:ln)?|location|domain|body|forms|images|createelement|getelement\w{1,20}|eval|alert|open|onerror|name\s{0,2}=)/i;
const SINK =
  /\b(?:location|location\.href|innerhtml|outerhtml|srcdoc)\s{0,3}=\s{0,3}["'`]?\s{0,3}(?:[<"'`/]|javascript|name|data:|atob|unescape)/i;
const CSS_CODE =
  /(?:\bexpression\s{0,8}\(|-moz-binding\s{0,8}:|behaviou?r\s{0,8}:\s{0,8}(?:url|expression)|url\s{0,8}\(\s{0,8}["']?\s{0,8}(?:javascript|vbscript)\b|@import\s{0,8}["'(]|\\[0-9a-f]{1,6}\s?x\s?p|style\s{0,4}=[^>]{0,100}(?:\\0{0,4}[0-9a-f]{2}\s?){4})/i;
/** Closes what the application opened, or lets styles reach out of their attribute. */
const CLOSED_ELEMENT =
  /<\/(?:script|style|title|textarea|noscript|body|html|head|iframe|svg|math|video|audio|xmp|template|noembed)\b/i;
const STYLE_ATTRIBUTE = /<[a-z][^<>]{0,200}\bstyle\s{0,4}=\s{0,4}["']?[^<>]{0,400}?(?:url\s{0,4}\(|[[{}\\]|\/\*|&#)/i;
const SPACED_ELEMENT = /<(?:[a-z]\s){2,12}[a-z]\b/i;
/** Code without a letter of its own, calls through an array or a template. */
const OBSCURED_CODE =
  /(?=[^!]{0,80}!\[\])[[\]()!+{}\s]{48}|\[[^\][]{0,24}\]\s{0,4}\.\s{0,4}\w{2,16}\s{0,4}\.\s{0,4}(?:call|apply)\s{0,4}[`(]|\breflect\s{0,4}\.\s{0,4}\w{2,16}\s{0,4}\.\s{0,4}(?:call|apply)\s{0,4}[`(]|\b(?:alert|confirm|prompt|eval)\s{0,4}\.\s{0,4}(?:call|apply|bind)\s{0,4}[`(]|\bnew\s{1,4}function\s{0,4}\(|\bset(?:interval|timeout)\s{0,4}\(\s{0,4}\w{1,24}\s{0,4},\s{0,4}\d|^[^\w]{0,4}(?:btoa|atob|alert|open)\s{0,4}\(\s{0,4}\)|["'](?:alert|confirm|prompt)\s{0,4}\(\d{0,4}\)|\+adw-|\+adw(?:aiq)?\b|["']\s{0,4}formaction\s{0,4}=|\bautofocus\s{0,4}>|(?:=|\()\s{0,4}["']?javascript#\w{1,20}\(/i;
/** A script whose angle brackets a filter took away. */
const STRIPPED_SCRIPT = /^script\S{0,200}[.(]\S{0,200}\/script$/i;
const NETSCAPE_ENTITY = /&\{[^}]{1,200}[;}(]/;
const DATA_BINDING = /\bdatasrc\s{0,4}=/i;
const TEMPLATE = /\{\{[^{}]{0,80}(?:constructor|__proto__|alert|\$eval|\$on|tostring)[^{}]{0,80}[(`]/i;
const ESCAPED_CALL = /\\(?:u00|x)[0-9a-f]{2}/i;
const ENTITY_DECLARATION = /<!(?:entity|doctype)\b[^>]{0,200}(?:system|public|entity|\[)/i;
/** An attribute of a tag that loads, or a tag that is never closed with something that loads. */
const LOADING_TAG =
  /<(?:img|image|input|video|audio|source|body|table|td|bgsound|a|form|button|div|x|isindex|marquee|br|html|\?\w|!\[)[\s/"'`][^<]{0,400}(?:(?:src|href|lowsrc|dynsrc|background|action|formaction|poster|xlink:href|srcdoc|style|size|code|data)[\s\u0000-\u0020/]{0,6}=)[\s"'`]{0,4}(?:[^\s"'`>]{0,40}script\s{0,8}:|&#|\\|data:|[^>]{0,80}(?:expression|binding)|["'`]{0,2}>?<script)/i;

const CALL = C.parenthesis | C.backTick;

/** Each pattern with the kinds of characters of which it needs one. */
const PATTERNS: readonly (readonly [number, RegExp])[] = [
  [C.angle, ACTIVE_ELEMENT],
  [C.angle, STYLED],
  [C.angle, STYLE_TYPE],
  [C.angle, HANDLER_IN_TAG],
  [C.operator, HANDLER_AFTER_QUOTE],
  [C.operator, BARE_HANDLER],
  [C.colon, SCRIPT_SCHEME_IN_ATTRIBUTE],
  [CALL | C.bracket | C.dot, SCRIPT_BREAKOUT],
  [CALL, LEADING_CALL],
  [C.operator, SINK],
  [C.parenthesis | C.colon | C.at | C.slash, CSS_CODE],
  [C.brace, NETSCAPE_ENTITY],
  [C.operator, DATA_BINDING],
  [C.brace, TEMPLATE],
  [C.angle, ENTITY_DECLARATION],
  [C.angle, LOADING_TAG],
  [C.angle, CLOSED_ELEMENT],
  [C.angle, STYLE_ATTRIBUTE],
  [C.angle, SPACED_ELEMENT],
  [CALL | C.bracket | C.operator | C.angle, OBSCURED_CODE],
  [C.slash, STRIPPED_SCRIPT],
];

/** Says whether a value brings script into a page: by elements, event handlers, script URLs, styles, or out of a script's string. */
export function isCrossSiteScripting(value: string): boolean {
  if (value.length < 6 || !CANDIDATE.test(value)) return false;
  if (matches(value)) return true;
  const decoded = decodeEntities(value);
  if (decoded !== value && matches(decoded)) return true;
  if (!ESCAPED_CALL.test(value)) return false;
  const unescaped = value.replaceAll(
    /\\(?:u\{?0{0,4}([0-9a-f]{2})\}?|x([0-9a-f]{2}))/gi,
    (_whole, long?: string, short?: string) => String.fromCharCode(Number.parseInt(long ?? short ?? "3f", 16)),
  );
  return matches(unescaped);
}

/** In a sentence, the name of a property is only what people talk about: then something has to be done with it. */
function accessesDocument(text: string): boolean {
  const match = DOCUMENT_ACCESS.exec(text);
  if (match === null) return false;
  return (
    /^\w{0,12}["']?\]?\s{0,4}[=(;+.)[]/.test(text.slice(match.index + match[0].length)) || !/\w\s+\w+\s+\w/.test(text)
  );
}

const SCRIPT_COMMENT = /\/\*[^*]{0,80}\*\//g;

function matches(text: string): boolean {
  const kinds = kindsOf(text);
  for (const [needs, pattern] of PATTERNS) if ((kinds & needs) !== 0 && pattern.test(text)) return true;
  if ((kinds & (C.dot | C.bracket)) !== 0 && accessesDocument(text)) return true;
  if (text.includes("/*")) {
    const bare = text.replaceAll(SCRIPT_COMMENT, "");
    if (bare !== text && (accessesDocument(bare) || OBSCURED_CODE.test(bare))) return true;
  }
  if (!text.includes(":")) return false;
  // Browsers drop tabs, newlines and control characters inside a scheme.
  const joined = text.replaceAll(/[\u0000-\u0020]/g, "");
  // Written so as not to be found: then the scheme alone is proof.
  if (/(?:javascript|vbscript):/i.test(joined) && !/(?:javascript|vbscript)/i.test(text)) return true;
  return SCRIPT_SCHEME.test(joined) || SCRIPT_SCHEME_IN_ATTRIBUTE.test(joined) || DATA_DOCUMENT.test(joined);
}
