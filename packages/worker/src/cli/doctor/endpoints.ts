import type { Config } from "../../config/schema.ts";
import type { Remark } from "./remark.ts";

const PATIENCE = 5_000;

/** Asks each Alertmanager of a configuration for its status. */
export async function checkAlertmanagers({ alerter }: Config, remarks: Remark[]): Promise<void> {
  const { urls, token } = alerter.alertmanager;
  await Promise.all(
    urls.map(async (url) => {
      const reason = await refusalOf(`${url.replace(/\/$/, "")}/api/v2/status`, token);
      if (reason !== undefined)
        remarks.push({
          rank: 1,
          what: `The Alertmanager ${url} cannot be notified: ${reason}.`,
          do: `Correct alerter.alertmanager in vedette.yaml, or start it; curl ${url.replace(/\/$/, "")}/api/v2/status shows what it says.`,
        });
    }),
  );
}

async function refusalOf(url: string, token: string | undefined): Promise<string | undefined> {
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.timeout(PATIENCE),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    if (!answer.ok) return `it answers ${answer.status}`;
    const status = (await answer.json()) as { readonly versionInfo?: unknown } | null;
    return status?.versionInfo === undefined ? "what answers is no Alertmanager (API v2)" : undefined;
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string } };
    if (name === "TimeoutError") return `no answer within ${PATIENCE / 1_000} s`;
    if (error instanceof SyntaxError) return "what answers is no Alertmanager (API v2)";
    return cause?.code ?? message;
  }
}
