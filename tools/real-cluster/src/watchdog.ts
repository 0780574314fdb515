import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * Ends the servers of a cluster, and removes its folder, when this process is gone.
 *
 * A shell of its own session waits at a pipe whose other end only this process holds. However this process ends (also by
 * KILL), the pipe closes and the shell kills the processes by id and deletes the folder. Costs about 1 MB; a hook at exit would
 * not run on KILL, and the kernel's parent-death signal follows the thread that spawned, not the process.
 *
 * @internal
 */
export class Watchdog implements AsyncDisposable {
  readonly #shell: ChildProcess;

  private constructor(shell: ChildProcess) {
    this.#shell = shell;
  }

  /** @param folder - removed when the watchdog acts; must be the cluster's own temporary folder. */
  static open(folder: string): Watchdog {
    const shell = spawn("/bin/sh", ["-c", SCRIPT, "kinglet-real-cluster-watchdog", folder], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    // Neither the shell nor the pipe may keep this process alive: their only purpose is to outlive it.
    shell.unref();
    (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    shell.on("error", () => {
      // No shell: the servers are still stopped by `stop`, only a KILL of this process would leave them.
    });
    shell.stdin?.on("error", () => {});
    return new Watchdog(shell);
  }

  add(pid: number): void {
    this.#shell.stdin?.write(`add ${pid}\n`);
  }

  /** The process has ended and its id may belong to somebody else soon. */
  remove(pid: number): void {
    this.#shell.stdin?.write(`drop ${pid}\n`);
  }

  /** Ends the watchdog without its doing anything. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shell.pid === undefined || this.#shell.exitCode !== null || this.#shell.signalCode !== null) return;
    const ended = once(this.#shell, "exit");
    this.#shell.ref();
    this.#shell.stdin?.end("end\n");
    await ended;
  }
}

const SCRIPT = `
trap '' INT TERM HUP
pids=" "
while read -r verb pid; do
  case "$verb" in
    add) pids="$pids$pid " ;;
    drop) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
    end) exit 0 ;;
  esac
done
[ -n "\${pids# }" ] && kill -KILL $pids 2>/dev/null
sleep 0.2
[ -d "$1" ] && rm -rf -- "$1"
exit 0
`;
