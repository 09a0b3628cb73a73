/** Files of tools and servers that are never meant to be asked for, whatever folder they lie in. */
const HIDDEN_FILE =
  /(?:^|\/)(?:\.(?:git|svn|hg|bzr|env|ssh|aws|docker|kube|npmrc|pypirc|netrc|htpasswd|htaccess|bash_history|mysql_history|DS_Store|vscode|idea|claude|cursor|continue|codeium|windsurf|roo|zed|kiro|rovodev|codex|plandex|n8n|junie|aider|gemini|copilot)(?:\/|$|\.(?:json|ya?ml|toml|local|bak|production|development))|\.(?:\w{1,20}ignore)$)/i;
const LEAKED_FILE =
  /(?:^|\/)(?:wp-config\.php|(?:debug|error|errors|access)\.log|backup\.(?:sql|zip|tar|gz|tgz|rar|7z)(?:\.\w{2,4})?|(?:dump|database|db)\.sql(?:\.\w{2,4})?|id_[rd]sa|id_ed25519|web\.config|composer\.(?:json|lock)|phpinfo\.php)$|\/@fs\/|\/@id\/__x00__|\/sys\/(?:class|kernel|module)(?:\/|$)/i;

/** Says whether a path names a file that only somebody who looks for leaks asks for. */
export function isSensitivePath(path: string): boolean {
  return HIDDEN_FILE.test(path) || LEAKED_FILE.test(path);
}
