import { isIP } from "node:net";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { ElasticsearchError } from "./errors.ts";

const normal = (fingerprint: string): string => fingerprint.replaceAll(":", "").toUpperCase();

const pem = (raw: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${raw
    .toString("base64")
    .replaceAll(/(.{64})/g, "$1\n")
    .trimEnd()}\n-----END CERTIFICATE-----\n`;

/** Certificates as the server sent them, its own first. */
function* chain(certificate: DetailedPeerCertificate): Generator<DetailedPeerCertificate> {
  const seen = new Set<string>();
  for (
    let link = certificate;
    link?.raw !== undefined && !seen.has(link.fingerprint256);
    link = link.issuerCertificate
  ) {
    seen.add(link.fingerprint256);
    yield link;
  }
}

/**
 * Fetches the certificate of the authority with this SHA-256 fingerprint (hex, with or without colons) from the chain that a server sends. The connections made afterwards are checked against that certificate in full:
 * comparing only the fingerprint of what a server sends along would trust anybody who sends it along, too.
 * @throws ElasticsearchError `elasticsearch-certificate` when the server sends no such certificate, `elasticsearch-unavailable` when it cannot be reached.
 */
export const pinnedAuthority = async (
  url: string,
  fingerprint: string,
  { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
): Promise<string> => {
  const { hostname, port } = new URL(url);
  const host = hostname.replaceAll(/^\[|\]$/g, "");
  const failed = (why: string, cause?: unknown): ElasticsearchError =>
    new ElasticsearchError("elasticsearch-unavailable", `Connecting to ${url} failed: ${why}.`, {
      retryable: true,
      cause,
    });
  return await new Promise<string>((resolve, reject) => {
    const socket = connect(
      // Nothing is believed or sent here but a certificate whose fingerprint is known.
      {
        host,
        port: port === "" ? 443 : Number(port),
        rejectUnauthorized: false,
        ...(isIP(host) ? {} : { servername: host }),
      },
      () => {
        const found = [...chain(socket.getPeerCertificate(true))].find(
          (link) => normal(link.fingerprint256) === normal(fingerprint),
        );
        if (found === undefined) {
          reject(
            new ElasticsearchError(
              "elasticsearch-certificate",
              `The certificate chain of ${url} has no certificate with the SHA-256 fingerprint ${fingerprint}.`,
              { retryable: false },
            ),
          );
        } else resolve(pem(found.raw));
        socket.destroy();
      },
    );
    const abort = (): void => {
      reject(failed("it was given up"));
      socket.destroy();
    };
    socket.setTimeout(timeout, () => {
      reject(failed("no answer in time"));
      socket.destroy();
    });
    socket.on("error", (error) => reject(failed(error.message, error)));
    socket.on("close", () => {
      signal?.removeEventListener("abort", abort);
      reject(failed("the connection was closed"));
    });
    signal?.addEventListener("abort", abort);
    if (signal?.aborted === true) abort();
  });
};
