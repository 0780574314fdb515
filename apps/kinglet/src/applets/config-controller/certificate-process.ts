import { createError } from "@kinglet/errors";
import {
  policyControllerErrors,
  type CertificateIssuer,
  type CertificateRequest,
  type KeyedCertificate,
} from "@kinglet/policy-controller";
import type { AppletContext } from "../../applet-context.ts";
import { loadChildProcess } from "./lazy.ts";

/** First argument of the process that makes a certificate. */
export const issueCertificateCommand = "issue-certificate";

const timeoutMs = 30_000;
/** Longest answer, bytes. */
const maxAnswer = 262_144;

/**
 * Makes certificates in a process of their own: the library takes 19 MB for something that happens every few weeks, and a process gives all of it back.
 */
export function createCertificateProcess(context: AppletContext): CertificateIssuer {
  return { issue: (request) => issue(context, request) };
}

async function issue(context: AppletContext, request: CertificateRequest): Promise<KeyedCertificate> {
  const { execFile } = await loadChildProcess();
  const { execPath, execArgv, argv } = context.process;
  const [, invokedAs = execPath] = argv;
  // A link's name chooses the applet already.
  const args = [...(context.invocation === context.name ? [] : [context.name]), issueCertificateCommand];
  const command = context.isSingleExecutable ? args : [...execArgv, invokedAs, ...args];
  return new Promise((resolve, reject) => {
    const child = execFile(
      execPath,
      command,
      {
        ...(context.isSingleExecutable ? { argv0: invokedAs } : {}),
        env: {},
        encoding: "utf8",
        timeout: timeoutMs,
        maxBuffer: maxAnswer,
        signal: context.signal,
      },
      (error, stdout, stderr) => {
        const answer = error === null ? read(stdout) : undefined;
        if (answer !== undefined) {
          resolve(answer);
          return;
        }
        const reason = stderr.trim().split("\n").at(-1) || (error?.message ?? "the answer cannot be read");
        const details = { name: request.commonName, reason };
        reject(createError(policyControllerErrors, "KINGLET_ERR_POLICY_CONTROLLER_ISSUE", details, { cause: error }));
      },
    );
    // A process that has ended already tells why by its exit.
    child.stdin?.on("error", () => {});
    child.stdin?.end(JSON.stringify(request));
  });
}

function read(text: string): KeyedCertificate | undefined {
  try {
    const { certificate, key } = JSON.parse(text) as Partial<KeyedCertificate>;
    return typeof certificate === "string" && typeof key === "string" ? { certificate, key } : undefined;
  } catch {
    return undefined;
  }
}
