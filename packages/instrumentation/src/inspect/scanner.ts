/** Tools that look for weaknesses and say so in their user agent. */
const TOOL =
  /\b(?:sqlmap|nikto|nmap scripting engine|masscan|zgrab|zmap|nessus|openvas|greenbone|acunetix|w3af|dirbuster|dirb|gobuster|feroxbuster|dirsearch|ffuf|wfuzz|nuclei|wpscan|joomscan|droopescan|havij|arachni|skipfish|whatweb|netsparker|invicti|jorgee|morfeus|grendel-scan|webinspect|appscan|burp ?(?:suite|collaborator)|owasp[ _-]?zap|zaproxy|vega\/|xsser|commix|fimap|wapiti|httprobe|jaeles|xray|qualysguard|paros|sqlninja|bsqlbf|absinthe|pangolin|dotdotpwn|hydra|medusa|l9explore|l9tcpid|leakix|cyberdog|webshag|metis|n-stealth|nsauditor|brutus|webtrends security analyzer|whisker)\b|^(?:blackwidow|libwww-perl-sqli|\(hydra\))/i;

/** Says whether a user agent names a tool that scans for weaknesses. */
export function isScanner(userAgent: string): boolean {
  return TOOL.test(userAgent);
}
