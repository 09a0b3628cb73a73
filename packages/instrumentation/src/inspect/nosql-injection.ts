/** Operators of document databases that stand where a field's name or value is meant. */
const OPERATOR =
  "(?:eq|ne|gte?|lte?|n?in|and|n?or|not|exists|type|expr|jsonschema|mod|regex|options|text|where|geowithin|geointersects|near|nearsphere|all|elemmatch|size|bits\\w{5,10}|comment|rand|meta|slice|function|accumulator|lookup|merge|out|set|unset|inc|push|pull|rename|currentdate)";
const NAME = new RegExp(`(?:^|\\[|\\.)["']?\\$${OPERATOR}["']?(?:\\]|\\.|$)`, "i");
const EMBEDDED = new RegExp(`[{,[]\\s{0,8}["']?\\$${OPERATOR}["']?\\s{0,8}[:\\]]`, "i");
/** Look-ups of an object-relational mapper through several relations, and into what is secret. */
const RELATION_LOOKUP =
  /^(?:\w{1,64}?__){2,16}(?:i?startswith|i?endswith|i?contains|i?exact|i?regex|isnull|has_keys?|contained_by|gte?|lte?|in|range|date|year)$|^\w{1,64}?__(?:i?startswith|i?endswith|i?contains|i?regex|isnull|has_keys?|has_any_keys|contained_by)$|(?:^|__)(?:password|passwd|token|secret|api_?key)__\w{2,16}$/i;
/** JavaScript that `$where` and map-reduce run. */
const SCRIPT =
  /\bdb\.\w{1,64}\.(?:find|insert|update|remove|drop|aggregate|save|count|mapreduce|deleteMany|insertMany|updateMany|deleteOne|insertOne|updateOne)\w{0,12}\s{0,4}\(|\bdb\.(?:getcollection|eval|dropdatabase|runcommand|version|stats|adminCommand)\w{0,16}\s{0,4}\(|['"]?\s{0,4}(?:\|\||&&)\s{0,4}['"]?this\.\w{1,64}|\bthis\.\w{1,64}\s{0,4}(?:==|!=|\.match\s{0,4}\()|\bnew\s{1,4}date\s{0,4}\(\s{0,4}\)\s{0,4};\s{0,4}(?:do|while|for)\b|\btojson(?:one)?\s{0,4}\(\s{0,4}(?:db|this|obj)\b|\breturn\s{1,4}(?:true|1)\s{0,4};?\s{0,4}(?:\}|var\b|\/\/)/i;
const STRING_LEFT = /^['"]\s{0,4}(?:\|\||&&)\s{0,4}(?:['"]?\d['"]?\s{0,2}==?\s{0,2}['"]?\d|true\b|this\b)/i;

/** Says whether the name of a parameter or the key of an object is an operator of a document database (`a[$ne]`, `$where`). */
export function isNosqlOperator(name: string): boolean {
  return NAME.test(name) || RELATION_LOOKUP.test(name);
}

/** Says whether a value brings an operator or code of a document database with it. */
export function isNosqlInjection(value: string): boolean {
  if (value.includes("$") && EMBEDDED.test(value)) return true;
  return /\b(?:db|this|tojson|tojsonone|return|date)\b/i.test(value)
    ? SCRIPT.test(value) || STRING_LEFT.test(value)
    : STRING_LEFT.test(value);
}
