import { execFileSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const programs: readonly string[] = ["auditd", "auditctl", "podman", "runc", "busybox"];
const searchPath = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(delimiter);

/**
 * Why a real kernel cannot be audited here, as one phrase; `undefined` where it can. As root on Debian the packages are auditd, podman, runc and
 * busybox-static.
 */
export function kernelSkipReason(): string | undefined {
  if (process.platform !== "linux") return `no Linux but ${process.platform}`;
  if (process.getuid?.() !== 0) return "not root, and audit rules are root's";
  const missing = programs.filter((name) => programPath(name) === undefined);
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  if (!isStatic(programPath("busybox") ?? "")) return "busybox is not the static one";
  try {
    const status = execFileSync(programPath("auditctl") ?? "", ["-s"], { encoding: "utf8" });
    const rules = execFileSync(programPath("auditctl") ?? "", ["-l"], { encoding: "utf8" });
    // Whoever audits this machine must not notice anything.
    const isInUse = !/^enabled 0$/m.test(status) || !rules.includes("No rules");
    return isInUse ? "auditing of this machine is in use already" : undefined;
  } catch {
    return "this kernel does not let itself be audited from here";
  }
}

/** `KINGLET_REQUIRE` lists `kernel`: a suite that would skip must fail instead. */
export function isKernelRequired(env: Readonly<Record<string, string | undefined>>): boolean {
  return (env["KINGLET_REQUIRE"] ?? "").split(/[\s,]+/u).includes("kernel");
}

/** Where a program is; root's folders are not on everybody's path. */
export function programPath(name: string): string | undefined {
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** An ELF file that names no interpreter; it runs in a root file system that holds nothing else. */
function isStatic(path: string): boolean {
  const bytes = readFileSync(path);
  return bytes.subarray(0, 4).toString("latin1") === "\u007fELF" && !bytes.includes("/ld-linux");
}
