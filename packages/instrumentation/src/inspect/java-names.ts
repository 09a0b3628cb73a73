/** Classes of the gadget chains by which reading a Java object runs code, and what they end in. */
const GADGETS = [
  "clonetransformer",
  "forclosure",
  "instantiatefactory",
  "instantiatetransformer",
  "invokertransformer",
  "prototypeclonefactory",
  "prototypeserializationfactory",
  "whileclosure",
  "getproperty",
  "filewriter",
  "xmldecoder",
  "processbuilder",
] as const;
const RUNNERS = ["runtime", ...GADGETS];

/** Packages whose classes an attacker names to be made or called: those that read, write, load, run. */
const CLASS_NAME =
  /(?:^|[^\w.])(?:java\.(?:lang\.(?:annotation|arithmetic\w{0,12}|array\w{0,32}|boolean|byte|character|class\w{0,20}|clone\w{0,24}|compiler|deprecated|double|enum\w{0,30}|error|exception\w{0,24}|float|illegal\w{0,24}|incompatible\w{0,24}|inheritable\w{0,24}|instantiation\w{0,16}|instrument|integer|internal\w{0,12}|interrupted\w{0,12}|invoke|iterable|linkage\w{0,12}|long|management|math|module\w{0,16}|negative\w{0,24}|no\w{0,32}|null\w{0,24}|number\w{0,24}|object|outofmemory\w{0,8}|override|package|process\w{0,16}|readable|ref|reflect|runtime\w{0,20}|safevarargs|security\w{0,16}|short|stack\w{0,16}|strict\w{0,8}|string\w{0,28}|suppresswarnings|system|thread\w{0,16}|throwable|typenotpresent\w{0,10}|unknown\w{0,8}|unsatisfied\w{0,12}|unsupported\w{0,24}|verify\w{0,8}|virtual\w{0,16}|void)|io\.\w{4,40}|net\.\w{3,40}|nio\.\w{4,40}|rmi\.\w{4,40}|sql\.\w{4,40}|util\.(?:\w{1,20}\.)?\w{3,40}|beans\.\w{4,40}|security\.\w{4,40})|javax\.(?:script|naming|management|el|servlet|xml|swing|crypto)\.\w{2,40}|com\.(?:sun\.(?:org|rowset|jndi)|opensymphony|mchange|alibaba\.fastjson|bea\.core)\b|org\.(?:apache\.(?:commons|struts2?|xalan|xbean|ibatis|tomcat|velocity|wicket)|omg\.corba|hibernate|codehaus\.groovy|springframework|mozilla\.javascript|python\.util)\b|sun\.(?:misc|reflect|rmi)\.\w{2,40}|jdk\.(?:nashorn|internal)\.\w{2,40}|groovy\.(?:lang|util)\.\w{2,40})(?![\w-]*\.(?:com|org|net|io|dev)\b)/i;
const RUNNER_NAME = new RegExp(
  `(?:\\bjava\\.(?:\\w{1,40}\\.){0,4}(?:runtime|processbuilder)\\b|\\b(?:runtime|processbuilder)\\.(?:\\w{1,40}\\.){0,4}(?:${GADGETS.join("|")}|exec|getruntime)\\b)`,
  "i",
);
const OGNL =
  /#(?:_memberaccess|context|attr|parameters|request|session|application)\b\s{0,4}[[.=]|\bognl\.|@java\.|%\{[^}]{0,40}[#@(]|\bgetruntime\s{0,4}\(\s{0,4}\)|\bclass\.module\.classloader|\bnew\s{1,4}java\.|\bfilesystemxmlapplicationcontext\b/i;

/** The base64 digits that a word gives wherever in a longer text it stands: the digits that depend on it alone, at each of three alignments. */
function base64Forms(word: string): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from("\u0000".repeat(shift) + word)
      .toString("base64")
      .replaceAll("=", "");
    const whole = Math.floor(((shift + word.length) * 8) / 6);
    return encoded.slice(Math.ceil((shift * 8) / 6), whole);
  });
}

const camel = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
const BASE64_NAME = new RegExp(
  RUNNERS.flatMap((word) => [...base64Forms(word), ...base64Forms(camel(word))]).join("|"),
);

/** Says whether a text names a Java class that attackers have made or called for them. */
export function namesJavaClass(text: string): boolean {
  return text.includes(".") || text.includes("#") || text.includes("(")
    ? CLASS_NAME.test(text) || RUNNER_NAME.test(text) || OGNL.test(text)
    : false;
}

/** Says whether a base64 text holds such a name, at whatever place. */
export function hidesJavaClass(text: string): boolean {
  return BASE64_NAME.test(text);
}
