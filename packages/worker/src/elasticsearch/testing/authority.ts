import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate authority and a server certificate for 127.0.0.1 signed by it, as PEM texts. */
export interface Authority {
  readonly ca: string;
  readonly fingerprint: string;
  readonly server: { readonly key: string; readonly certificate: string };
}

/** Makes them with the `openssl` command. */
export const makeAuthority = (): Authority => {
  const folder = mkdtempSync(join(tmpdir(), "vedette-authority-"));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => void execFileSync("openssl", args, { stdio: "pipe" });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    openssl(
      "req",
      "-x509",
      ...curve,
      "-days",
      "2",
      "-subj",
      "/CN=Test authority",
      "-keyout",
      at("ca.key"),
      "-out",
      at("ca.pem"),
    );
    openssl("req", ...curve, "-subj", "/CN=node", "-keyout", at("key.pem"), "-out", at("request.pem"));
    writeFileSync(at("names"), "subjectAltName=IP:127.0.0.1\n");
    const signing = [
      "-CA",
      at("ca.pem"),
      "-CAkey",
      at("ca.key"),
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      at("names"),
    ];
    openssl("x509", "-req", "-in", at("request.pem"), ...signing, "-out", at("node.pem"));
    const ca = readFileSync(at("ca.pem"), "utf8");
    // A server sends its authority along, as Elasticsearch does by default.
    const certificate = readFileSync(at("node.pem"), "utf8") + ca;
    return {
      ca,
      fingerprint: new X509Certificate(ca).fingerprint256,
      server: { key: readFileSync(at("key.pem"), "utf8"), certificate },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
