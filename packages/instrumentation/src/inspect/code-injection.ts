/* oxlint-disable no-control-regex -- control characters are what attackers put in, and what has to be matched. */
import { CHARACTERS as C, kindsOf } from "./character-classes.ts";
import { namesJavaClass } from "./java-names.ts";

/** White space and comments that PHP and JavaScript allow between a function's name and its bracket. */
const GAP = "(?:\\s{1,8}|/\\*[^*]{0,80}\\*/|(?:#|//)[^\\n\\r]{0,40}[\\n\\r]){0,6}";

/** Opening of a PHP block; XML declarations and metadata packets open alike. */
const PHP_TAG =
  /<\?(?!xml(?:-stylesheet|-model)?[\s?]|xpacket|xsl|mso-|import\b)(?:php\b|xphp\b|=|[\s\u0000-\u001f]{0,8}(?:php|echo|print|exec|system|eval|include|require|\$|@|passthru|shell_exec|assert)\b|\s{0,8}[$@]|[^>]{1,200}\?>|\s{0,4}$)|<\?xml\s{0,8}:\w|<script\s{1,8}language\s{0,4}=\s{0,4}["']?php/i;
const SUPERGLOBAL =
  /\$\{?_(?:get|post|request|cookie|server|env|session|files)\b\s{0,4}(?:\[|\})|\$_s\s?erver\b|\$globals\s{0,4}\[|\$http_(?:raw_post_data|\w{2,10}_vars)\b/i;
/** Functions that no text puts a bracket behind. */
const PHP_FUNCTION = new RegExp(
  `(?:^|[^\\w.])(?:\\w{0,3})?(?:base64_(?:de|en)code|call_user_func(?:_array)?|(?:p)?fsockopen|gz(?:decode|inflate|uncompress|open|file|read)|bz(?:decompress|open)|posix_\\w{3,20}|shell_exec|get_(?:defined_(?:functions|vars|constants)|current_user|cfg_var|included_files|browser|class\\w{0,12}|object_vars|loaded_extensions|required_files|headers|html_translation_table|magic_quotes\\w{0,8}|parent_class|resource\\w{0,8}|declared\\w{0,12}|called_class|meta_tags|include_path|extension_funcs)|curl_(?:init|exec|setopt)\\w{0,8}|file_(?:exists|get_contents|put_contents)|is_(?:array|callable|executable|file|dir|int|numeric|readable|writable)|str_rot13|strrev|array_(?:map|diff|filter|walk|reduce|keys|merge)\\w{0,10}|pg_\\w{4,40}|odbc_\\w{4,60}|sodium_(?:crypto|memzero|bin2)\\w{0,60}|tidy_\\w{4,40}|mysqli?_\\w{3,40}|sqlite_\\w{3,40}|oci_?\\w{4,40}|sqlsrv_\\w{4,40}|mssql_\\w{4,40}|db[2a]_\\w{3,40}|ibase_\\w{3,40}|ldap_\\w{3,40}|ftp_\\w{3,40}|imap_\\w{3,40}|socket_\\w{3,40}|openssl_\\w{3,40}|hash_\\w{3,40}|mb_\\w{3,40}|iconv_\\w{3,40}|xml_\\w{3,40}|xmlrpc_\\w{3,40}|xmlwriter_\\w{3,40}|libxml_\\w{3,40}|simplexml_\\w{3,40}|json_(?:decode|encode)|apache_\\w{3,40}|apcu?_\\w{3,40}|opcache_\\w{3,40}|shm_?\\w{3,40}|sem_\\w{3,40}|msg_\\w{3,40}|sys_\\w{3,40}|readline_\\w{3,40}|exif_\\w{3,40}|timezone_\\w{3,40}|gmp_\\w{3,40}|random_\\w{3,40}|mt_\\w{3,40}|mcrypt_\\w{3,40}|password_\\w{3,40}|ctype_\\w{3,40}|filter_\\w{3,40}|class_\\w{3,40}|iterator_\\w{3,40}|debug_\\w{3,40}|error_\\w{3,40}|trigger_error|zend_\\w{3,40}|gc_\\w{3,40}|escapeshell\\w{3,4}|php_\\w{3,30}|zip_\\w{3,40}|dns_\\w{3,40}|inet_\\w{3,20}|image\\w{4,30}|str_(?:replace|ireplace|repeat|pad|split|getcsv|word_count|shuffle|contains|starts_with|ends_with)|substr_\\w{4,20}|strip(?:slashes|cslashes|_tags)|addslashes|nl2br|htmlspecialchars\\w{0,8}|html_entity_decode|urldecode|rawurl\\w{6}|quoted_printable_\\w{6}|convert_uu\\w{6}|hex2bin|bin2hex|md5_file|sha1_file|crc32|uniqid|usleep|set_time_limit|ignore_user_abort|error_log|syslog|openlog|mail|header_\\w{4,20}|setcookie|setrawcookie|http_response_code|fputs|fgets|fgetss|fgetc|feof|fpassthru|ftruncate|flock|tmpfile|tempnam|unlink|rmdir|opendir|readdir|closedir|rewinddir|chgrp|chown|chmod|lchgrp|lchown|filemtime_|fileperms|fileowner|filegroup|fileinode|disk_\\w{4,20}|realpath|pathinfo|basename|dirname|parse_url|array_\\w{3,30}|call_user_method\\w{0,8}|forward_static_call\\w{0,8}|is_(?:a|bool|countable|double|float|finite|infinite|iterable|long|nan|null|object|real|resource|scalar|string|subclass_of|uploaded_file|link|writeable)|method_exists|property_exists|function_exists|extension_loaded|settype|gettype|var_export|doubleval|floatval|boolval|strval|usort|uasort|uksort|natcasesort|natsort|krsort|ksort|arsort|asort|strcasecmp|strncasecmp|strcmp|strncmp|strcoll|stristr|strrchr|strpbrk|strtok|ucfirst|ucwords|lcfirst|wordwrap|sprintf|vsprintf|vprintf|fprintf|sscanf|money_format|number_format|localeconv|nl_langinfo|similar_text|levenshtein|soundex|metaphone|ob_(?:start|get)\\w{0,16}|preg_(?:replace|match|quote)\\w{0,10}|create_function|func_get_args?|assert_options|proc_open|pcntl_\\w{3,16}|phpinfo|phpversion|php_uname|passthru|popen|unserialize|move_uploaded_file|highlight_file|show_source|readfile|scandir|fopen|fwrite|fread|fputcsv|glob|parse_ini_file|ini_(?:set|get)|putenv|getenv|gethostbyname|getpwuid|chr|ord|pack|unpack|define|intval|symlink|checkdate|touch|serialize|var_dump|print_r|extract|parse_str|import_request_variables|set_error_handler|register_\\w{4,24}|spl_autoload\\w{0,20}|runkit_\\w{3,30}|session_\\w{3,24}|stream_\\w{3,24}|date_\\w{3,20}|strtotime|strftime|gmstrftime|gmmktime|mktime|microtime|getdate|localtime|checkdate|gettimeofday|getrusage|getmyuid|getmypid|getmyinode|getlastmod|gethostbyaddr|gethostname|getservbyname|getprotobyname|getmxrr|checkdnsrr|printf|substr|eval|exec|system|assert|file|range|pi|include|require|include_once|require_once)${GAP}\\(`,
  "i",
);
/** Those of them that text puts a bracket behind as well: only where the call looks like one. */
const ALSO_A_WORD =
  /(?:^|[^\w.])\w{0,3}(?:touch|range|file|define|pi|extract|glob|chr|ord|pack|system|include|require|eval|exec|assert|serialize|substr|printf|unpack|intval|symlink|checkdate|unserialize|phpversion)\s{0,1}\($/i;
const CALL_SHAPE = /^[^()]{0,60}(?:\$|["'`]|\(|\)\s{0,4}(?:;|$|\.|\[))|^\s{0,4}\)\s{0,4}(?:$|[;.[])/;
/** With a space before the bracket, what is in it has to look like an argument. */
const SPACED_SHAPE = /^\s{0,4}(?:\$|["'`]|\)|\w{1,20}\)\s{0,4};)/;
const RUNS = /(?:exec|eval|system|assert)\s\($/i;
const OWN_NAME =
  /(?:^|[^\w.])(?:\w{1,3}(?:touch|range|file|define|pi|extract|glob|chr|ord|pack|system|eval|exec|assert|serialize|substr|intval|symlink|checkdate|unserialize|phpversion))\s{0,1}\($/i;

/** A call through a variable or a string: `$a['b'](1)`, `${_.x}(1)`, `(system)('id')`, `"sys"."tem"('id')`. */
const VARIABLE_CALL =
  /\$(?:\s{0,4}\{[^{}()]{1,60}\}|\$?[a-z_]\w{0,40})(?:\s{0,4}(?:\/\*[^*]{0,40}\*\/|#[^\n]{0,40}\n|\/\/[^\n]{0,40}\n)?\s{0,4}(?:\[[^\][()]{1,60}\]|\{[^{}()]{1,20}\}|->\$?\w{1,40})){0,4}(?:\s{0,4}(?:\/\*[^*]{0,40}\*\/|#[^\n]{0,40}\n|\/\/[^\n]{0,40}\n)){0,2}\s{0,4}\((?:\s{0,4}\)|[^()]{0,80}\))/i;
const STRING_CALL =
  /(?:\(\s{0,4}(?:\/\*[^*]{0,40}\*\/\s{0,4})?(?:string\s{0,4}\)\s{0,4})?|\[\s{0,4}['"]?|\breturn\s{0,2}|^|["'.]\s{0,4})["']?(?:system|exec|passthru|shell_exec|assert|eval|phpinfo|popen|proc_open|s(?:y|\\x73)(?:s|\\x73)|sys|sy)\b["']?[\s"'.()[\]{}\dxtem\\]{0,40}\)?\s{0,4}(?:\[\s{0,2}\d\s{0,2}\]\s{0,2}|\{[^}]{0,40}\}\s{0,4}){0,3}\(\s{0,4}["']?[a-z$]/i;
const BRACKETED_CALL =
  /\(\s{0,4}['"\w.\s()]{2,40}\)\s{0,4}(?:\[\d\]\s{0,2}){0,3}\(\s{0,4}['"][\w\s/-]{1,60}['"]\s{0,4}\)\s{0,4};?/;
const PHP_SETTING =
  /^(?:allow_url_(?:fopen|include)|auto_(?:append|prepend)_file|disable_functions|open_basedir|memory_limit|opcache\.\w{2,40}|mbstring\.\w{2,40}|session\.\w{2,40}|unserialize_\w{2,40}|safe_mode|suhosin\.\w{2,60}|short_open_tag|cgi\.\w{2,30}|zend\.\w{2,30})\s{0,4}=/i;
const UPLOAD_TEMPORARY = /(?:^|[\\/])sess_[\w,-]{20,64}$/;

const NODE =
  /\b(?:require|import)\s{0,4}\(\s{0,4}["'`]?(?:node:)?(?:child_process|fs|vm|os|net|cluster|process|module|worker_threads)\b|\bprocess\s{0,4}(?:\.\s{0,4}(?:mainmodule|binding|env|exit|kill|dlopen|constructor|_load)|\[\s{0,4}["'`]?(?:mainmodule|binding|env))\b|\bglobal(?:this)?\s{0,4}\.\s{0,4}process\b|\bmodule\.constructor\b|\brequire\.(?:main|cache|resolve)\b|\bconstructor\s{0,4}\.\s{0,4}_load\b|["'`]?child_process["'`]?|\.(?:exec|spawn|execfile|fork)sync\s{0,4}\(|\bfunction\s{0,4}\w{0,40}\s{0,4}\([^)]{0,80}\)\s{0,4}\{|\beval\s{0,4}\(\s{0,4}(?:string\.fromcharcode|atob|unescape)|\bconsole\s{0,4}(?:\.\s{0,4}(?:info|log|warn|error|debug|trace|dir|table)\s{0,4}[(.`]|\[\s{0,4}["'`]\w{2,8}["'`]\s{0,4}\])|\bwhile\s{0,4}\(\s{0,4}(?:\(\s{0,2}true|true|1\b|-1|!|[+-]?infinity|this|string|object|array|new\b|\[\]|\{\})[^)]{0,40}\)|\bbuffer\.(?:from|alloc)\s{0,4}\(|\breflect\.(?:construct|get|ownkeys)\s{0,4}\(|\$\d{1,2}:__proto__:/i;
const RUBY_PERL_PYTHON =
  /\b(?:process\.(?:spawn|fork|daemon)|kernel\.(?:exec|system|spawn|fork|open)|io\.popen|open3\.\w{4,12}|erb\.new|file\.(?:open|read|write)\s{0,4}\(|dir\.(?:glob|entries))\s{0,4}[(.]|\bpickle\.loads?\s{0,4}\(|\byaml\.(?:unsafe_)?load\s{0,4}\(|\b__import__\s{0,4}\(|\b(?:os|subprocess|commands|pty|platform)\.(?:system|popen|exec\w{0,3}|spawn\w{0,4}|call|run|check_output|getoutput)\s{0,4}\(|\bserver\.(?:scripttimeout|createobject|execute)\b|\bcreateobject\s{0,4}\(|\bwscript\.shell\b/i;

/** File names that a server may run when they are uploaded. */
const SCRIPT_FILE =
  /\.\s?(?:php\d?|phtml|phar|phps|pht|phpt|jspx?|jspf|jsw|jsv|aspx?|asa|asax|ashx|asmx|cer|cfm|cgi|htaccess)(?:\.|\s|%00|\u0000|$)[\s.]{0,64}(?:\.?(?:png|jpe?g|gif|txt|pdf))?[\s.]{0,64}$|^\.(?:htaccess|htpasswd|user\.ini)$|\bwp-config(?:\.|-|_)php\b|^settings\.\s?php/i;

/** Says whether a value is code of a server-side language: PHP, JavaScript, Java, Ruby, Perl, Python. */
export function isCodeInjection(value: string, kinds: number = kindsOf(value)): boolean {
  if ((kinds & C.angle) !== 0 && PHP_TAG.test(value)) return true;
  if ((kinds & C.dollar) !== 0 && (SUPERGLOBAL.test(value) || VARIABLE_CALL.test(value))) return true;
  if (
    (kinds & C.parenthesis) !== 0 &&
    (callsPhpFunction(value) || STRING_CALL.test(value) || BRACKETED_CALL.test(value))
  )
    return true;
  if ((kinds & C.operator) !== 0 && PHP_SETTING.test(value)) return true;
  if ((kinds & (C.parenthesis | C.dot | C.bracket | C.brace | C.underscore)) === 0) return namesJavaClass(value);
  if (NODE.test(value) || namesJavaClass(value)) return true;
  return (kinds & (C.dot | C.underscores)) !== 0 && RUBY_PERL_PYTHON.test(value);
}

function callsPhpFunction(value: string): boolean {
  const match = PHP_FUNCTION.exec(value);
  if (match === null) return false;
  if (!ALSO_A_WORD.test(match[0])) return true;
  if (OWN_NAME.test(match[0]) && !/(?:^|[^\w.])(?:system|extract|pack|unpack|unserialize)/i.test(match[0]))
    return false;
  const rest = value.slice(match.index + match[0].length);
  return /\s\($/.test(match[0])
    ? SPACED_SHAPE.test(rest) || (RUNS.test(match[0]) && /^\w{1,20}\)\s{0,4}$/.test(rest))
    : CALL_SHAPE.test(rest);
}

/** Says whether an uploaded file's name is one that a server would run. */
export function isScriptFileName(name: string): boolean {
  return SCRIPT_FILE.test(name) || UPLOAD_TEMPORARY.test(name);
}
