import { execFile } from "node:child_process";

/**
 * Runs `auditctl -s`; needs CAP_AUDIT_CONTROL in the node's first user namespace.
 *
 * @param program - path of auditctl.
 * @internal
 */
export function runAuditctl(program: string, options: { readonly signal: AbortSignal }): Promise<string> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    execFile(program, ["-s"], { signal, timeout: 10_000, maxBuffer: 65_536, encoding: "utf8" }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}
