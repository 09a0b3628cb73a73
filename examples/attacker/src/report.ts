/** What one stage of an attack did. */
export interface StageReport {
  readonly attacker: string;
  readonly stage: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  requests: number;
  /** Answers by status; `0` is no answer. */
  readonly answers: Record<string, number>;
}

/** When the guard began to answer an attacker with 403. */
export interface BlockReport {
  readonly attacker: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly stage: string;
  /** Requests that the attacker had sent until then. */
  readonly requestsBefore: number;
}

/** An answer that an ordinary customer should not have had. */
export interface UnexpectedAnswer {
  readonly customer: string;
  readonly request: string;
  readonly status: number;
  readonly expected: readonly number[];
}

/** How the ordinary customers fared. */
export interface OrdinaryReport {
  readonly customers: number;
  /** Addresses that they came from. */
  readonly addresses: readonly string[];
  requests: number;
  /** Answers that a customer could expect: pages, and the 404 or 401 of a mistake. */
  asExpected: number;
  unexpected: number;
  /** The first 10 unexpected answers. */
  readonly examples: UnexpectedAnswer[];
}

/** What happened in a campaign. */
export interface CampaignReport {
  readonly seed: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly stages: readonly StageReport[];
  readonly blocked: readonly BlockReport[];
  readonly ordinary: OrdinaryReport;
  /** Why the campaign ended. */
  readonly endedBy: "time" | "signal" | "request_limit";
}

/** What a campaign tells while it runs. */
export type CampaignEvent =
  | { readonly kind: "ordinary_started"; readonly at: number; readonly customers: number }
  | { readonly kind: "stage_started"; readonly at: number; readonly attacker: string; readonly stage: string }
  | {
      readonly kind: "stage_finished";
      readonly at: number;
      readonly attacker: string;
      readonly stage: string;
      readonly requests: number;
    }
  | ({ readonly kind: "blocked" } & BlockReport)
  | ({ readonly kind: "unexpected_answer"; readonly at: number } & UnexpectedAnswer);

/** Writes a report for people to read. */
export function formatReport(report: CampaignReport): string {
  const seconds = (at: number): string => `${((at - report.startedAt) / 1000).toFixed(1)} s`;
  const lines = [
    `Campaign with seed ${report.seed}, ${seconds(report.endedAt)} long, ended by ${report.endedBy.replace("_", " ")}.`,
    "",
  ];
  for (const stage of report.stages) {
    const answers = Object.entries(stage.answers).map(
      ([status, count]) => `${count} × ${status === "0" ? "no answer" : status}`,
    );
    lines.push(
      `  ${stage.attacker}  ${stage.stage.padEnd(24)} from ${seconds(stage.startedAt).padStart(7)}  ${answers.join(", ")}`,
    );
  }
  lines.push("");
  for (const block of report.blocked)
    lines.push(
      `  ${block.attacker} was blocked after ${seconds(block.at)} and ${block.requestsBefore} requests, during ${block.stage}.`,
    );
  if (report.blocked.length === 0) lines.push("  Nobody was blocked.");
  const { ordinary } = report;
  lines.push(
    `  ${ordinary.customers} ordinary customers sent ${ordinary.requests} requests: ${ordinary.asExpected} as expected, ${ordinary.unexpected} not.`,
  );
  for (const example of ordinary.examples)
    lines.push(
      `    ${example.customer}: ${example.request} was answered with ${example.status}, expected ${example.expected.join(" or ")}`,
    );
  return `${lines.join("\n")}\n`;
}
