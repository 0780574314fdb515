import { readSync } from "node:fs";
import { hasCode } from "@kinglet/errors";
import { loadX509Issuer, type CertificateRequest } from "@kinglet/policy-controller";
import { ExitCode, type AppletContext } from "../../applet-context.ts";

/** Longest request, bytes: names and one key pair. */
const maxRequest = 262_144;

/**
 * What the process that makes a certificate does: a request as JSON on standard input, the certificate and its key as JSON on standard output.
 *
 * It is no command for people: keys pass through it, so it is run through pipes only.
 */
export async function issueCertificate({ stdout, stderr }: AppletContext): Promise<ExitCode> {
  let request: CertificateRequest;
  try {
    request = JSON.parse(readAll()) as CertificateRequest;
  } catch {
    await stderr.write("config-controller issue-certificate is run by the config-controller itself\n");
    return ExitCode.usage;
  }
  const { x509Issuer } = await loadX509Issuer();
  await stdout.write(`${JSON.stringify(await x509Issuer.issue(request))}\n`);
  return ExitCode.ok;
}

function readAll(): string {
  const chunk = Buffer.alloc(16_384);
  let text = "";
  for (;;) {
    let count: number;
    try {
      count = readSync(0, chunk);
    } catch (error) {
      if (hasCode(error, "EAGAIN")) continue;
      throw error;
    }
    if (count === 0 || text.length > maxRequest) return text;
    text += chunk.toString("latin1", 0, count);
  }
}
