import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "@kinglet/testing";
import { programPath } from "./kernel-programs.ts";

/** The only user id that is ever audited. */
export const auditedUser = 65_532;

const rulesPath = join(import.meta.dirname, "../../../../deploy/linux-audit/kinglet-user.rules");
const pluginPath = join(import.meta.dirname, "../../../../deploy/linux-audit/af_unix.conf");

/**
 * Puts everything back, however the test ends: its standard input ends with the process that holds the other end, also at `kill -9`. It is not in the
 * test's process group, so that Ctrl-C does not reach it.
 *
 * Arguments: folder, auditctl, podman, then the keys of the rules. Only what the folder names is ended: containers by id, auditd by
 * the id that it wrote down, and only while that still is an auditd of this folder.
 */
const guardScript = `
folder=$1 auditctl=$2 podman=$3; shift 3
trap '' INT TERM HUP
cat > /dev/null
for key in "$@"; do "$auditctl" -D -k "$key"; done
"$auditctl" -e 0
if [ -s "$folder/auditd.pid" ]; then
  pid=$(cat "$folder/auditd.pid")
  if tr '\\0' ' ' < "/proc/$pid/cmdline" | grep -q "$folder"; then kill "$pid"; fi
fi
if [ -s "$folder/containers" ]; then
  while read -r container; do
    "$podman" --storage-driver=vfs --root="$folder/root" --runroot="$folder/run" --runtime=runc --cgroup-manager=cgroupfs rm --force --time 0 "$container"
  done < "$folder/containers"
fi
`;

/** auditd on the real kernel, with the rules of `deploy/linux-audit` for one user id. */
export class KernelAudit implements AsyncDisposable {
  readonly folder: string;
  readonly logPath: string;
  readonly socketPath: string;
  readonly #guard: ChildProcess;
  readonly #guardEnded: Promise<unknown>;

  private constructor(folder: string, guard: ChildProcess) {
    this.folder = folder;
    this.logPath = join(folder, "audit.log");
    this.socketPath = join(folder, "events");
    this.#guard = guard;
    this.#guardEnded = once(guard, "exit");
  }

  /** Starts the guard first, then auditd, then loads the rules. @param folder - empty, for this test alone. */
  static async open(folder: string, format: "RAW" | "ENRICHED"): Promise<KernelAudit> {
    const rules = readFileSync(rulesPath, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const foreign = rules.filter(
      (line) => !line.startsWith("-a always,exit ") || !line.includes(` -F uid=${auditedUser} `),
    );
    if (foreign.length > 0) throw new Error(`rules beyond user ${auditedUser}: ${foreign.join("; ")}`);
    const keys = new Set(rules.map((line) => / -F key=(\S+)$/.exec(line)?.[1] ?? ""));
    const programs = [programPath("auditctl") ?? "", programPath("podman") ?? ""];
    const guard = spawn("/bin/sh", ["-c", guardScript, "guard", folder, ...programs, ...keys], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const audit = new KernelAudit(folder, guard);
    try {
      await audit.#start(format);
      const lines = process.arch === "x64" ? rules : rules.filter((line) => !/ -S (?:link|open),/.test(line));
      for (const line of lines) auditctl(...line.split(" "));
      return audit;
    } catch (error) {
      await audit[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A container that is to be removed in any case. */
  guards(containerId: string): void {
    appendFileSync(join(this.folder, "containers"), `${containerId}\n`);
  }

  /** Removes the rules, switches auditing off, ends auditd and the containers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#guard.stdin?.end();
    await this.#guardEnded;
    await waitFor(() => / pid 0$/m.test(` ${auditctl("-s").replaceAll("\n", "\n ")}`), { describe: "auditd to end" });
  }

  async #start(format: string): Promise<void> {
    const plugins = join(this.folder, "plugins");
    mkdirSync(plugins);
    const program = programPath("audisp-af_unix");
    const text = readFileSync(pluginPath, "utf8").replaceAll("/var/run/audispd_events", this.socketPath);
    // auditd 4, as the file's comment says.
    const plugin =
      program === undefined
        ? text
        : text
            .replace("path = builtin_af_unix", `path = ${program}`)
            .replace("type = builtin", "type = always")
            .replace(/^args = .*$/m, (line) => `${line} string`);
    writeFileSync(join(plugins, "af_unix.conf"), plugin, { mode: 0o640 });
    writeFileSync(join(this.folder, "auditd.conf"), configuration(this.logPath, plugins, format), { mode: 0o600 });
    chmodSync(this.folder, 0o700);
    const auditd = spawn(programPath("auditd") ?? "", ["-n", "-c", this.folder, "-s", "enable"], { stdio: "ignore" });
    writeFileSync(join(this.folder, "auditd.pid"), String(auditd.pid));
    await waitFor(() => existsSync(this.logPath) && auditctl("-s").includes(`pid ${auditd.pid}\n`), {
      describe: () => `auditd to run (exit code ${String(auditd.exitCode)})`,
      timeoutMs: 10_000,
    });
  }
}

/** What is on now: for tests that nothing stays behind. */
export function auditState(): { readonly isEnabled: boolean; readonly rules: string } {
  return { isEnabled: !/^enabled 0$/m.test(auditctl("-s")), rules: auditctl("-l").trim() };
}

function auditctl(...args: readonly string[]): string {
  return execFileSync(programPath("auditctl") ?? "", args, { encoding: "utf8" });
}

function configuration(log: string, plugins: string, format: string): string {
  return `log_file = ${log}
log_format = ${format}
log_group = root
plugin_dir = ${plugins}
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = 8
num_logs = 3
max_log_file_action = ROTATE
name_format = NONE
priority_boost = 0
space_left = 2
space_left_action = IGNORE
admin_space_left = 1
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
local_events = yes
write_logs = yes
`;
}
