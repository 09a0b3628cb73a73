/** Brackets of template languages around something that computes; a name alone is what templates are meant to be given. */
const COMPUTED =
  /(?:\{\{|\$\{|#\{|\*\{|@\{|<%=?|\{%|\[\[)[\s'"(]{0,8}-?\d{1,9}[\s'"]{0,4}[*+/-][\s'"]{0,4}-?\d{1,9}[\s'")]{0,8}(?:\}|%>|%\}|\]\])/;
/** What leads from a template's values to the language beneath. */
const REACHING =
  /(?:\{\{|\$\{|#\{|\*\{|~\{|__\$\{|<%|\{%|<#|\$!?\{?[a-z]{1,12}\.)[^}%]{0,200}?(?:\b__(?:class|mro|subclasses|globals|builtins|init|import|base)__|\b(?:self|config|request|cycler|joiner|lipsum|url_for|get_flashed_messages)\b[^}]{0,40}(?:__|\[|\.items|\.from_object)|\bclass\.(?:forname|inspect|classloader|protectiondomain)|\bgetclass\b|\bruntime\b[^}]{0,40}\bexec\b|\bexec\s{0,4}\(|\bt\s{0,4}\(\s{0,4}java\.|\bnew\s+java|\bfreemarker\.template|\?new\s{0,4}\(|\bconstructor\b|\bprocess\.(?:env|mainmodule|binding)|\brequire\s{0,4}\(|\bsystem\s{0,4}\(|\bpopen\s{0,4}\(|\bfile\.open|\bdir\.entries|\bio\.popen|\bregisterundefinedfiltercallback|\b_self\.env|\bphpinfo\b|\bscriptengine|\beval\s{0,4}\(|\bpassthru\b|\bsleep\s{0,4}\()/i;
/** Statements: nobody writes one where a value is asked for. */
const STATEMENT =
  /\{%-?\s{0,4}(?:if|for|set|import|include|extends|macro|with|debug|load|call|block|from|raw|python|do)\b[^%]{0,200}%\}|<%=?-?\s{0,4}(?:if|for|while|system|exec|import|require|include|response|request|eval|file|io|`)\b[^%]{0,200}%?>?|<#(?:assign|list|if|include|import|macro|function|setting)\b|#set\s{0,4}\(\s{0,4}\$|\{php\}|\{\/php\}|\[php\]|\[\/php\]|\{literal\}\{|<c:(?:import|out|set)\b|<jsp:(?:include|usebean|forward|directive|expression|scriptlet)\b|<%@\s{0,4}\w/i;
/** Perl's and Ruby's way of running code inside a string. */
const INTERPOLATED =
  /@\{\s{0,8}\[\s{0,8}[^\]\s]|#\{[^}]{0,200}(?:\.(?:exec|spawn|system|popen|read|constantize|send|_load|binding)\b|`)/i;
const COMPARED = /\{\{[^{}]{0,80}(?:constructor|__proto__|\$eval|\$on|range\.constructor|tostring)[^{}]{0,80}[(`[]/i;

/** Says whether a value makes a template engine compute, or reach beyond the values that it was given. */
export function isTemplateInjection(value: string): boolean {
  return (
    COMPUTED.test(value) ||
    STATEMENT.test(value) ||
    INTERPOLATED.test(value) ||
    COMPARED.test(value) ||
    REACHING.test(value)
  );
}
