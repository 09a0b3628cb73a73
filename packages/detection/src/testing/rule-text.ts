/** A signature in YAML around a detection, for tests. */
export function ruleText(detection: string, more = ""): string {
  const indented = detection
    .trim()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
  return `title: Test\nid: 00000000-0000-4000-8000-000000000001\nlogsource: { product: windows, category: process_creation }\n${more}detection:\n${indented}\n`;
}
