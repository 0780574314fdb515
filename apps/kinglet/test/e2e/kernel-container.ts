import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "@kinglet/testing";
import { auditedUser, type KernelAudit } from "./kernel-audit.ts";
import { programPath } from "./kernel-programs.ts";

/** Limits that a container may have where root is limited itself. */
const limits: readonly string[] = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"];

/** A container of nothing but busybox, whose first process is a shell that does what it is told. */
export class KernelContainer implements AsyncDisposable {
  readonly id: string;
  readonly #podman: (...args: readonly string[]) => string;
  readonly #storage: readonly string[];
  #shell: ChildProcess | undefined;
  #output = "";
  #steps = 0;

  private constructor(id: string, storage: readonly string[], podman: (...args: readonly string[]) => string) {
    this.id = id;
    this.#storage = storage;
    this.#podman = podman;
  }

  /** Makes the container; it runs from {@link start} on. */
  static create(audit: KernelAudit, name: string): KernelContainer {
    const { folder } = audit;
    const rootfs = join(folder, `rootfs-${name}`);
    for (const directory of ["bin", "tmp", "proc", "dev", "sys", "etc"]) {
      mkdirSync(join(rootfs, directory), { recursive: true });
    }
    // Whatever the mask of this process: another user runs them.
    chmodSync(join(rootfs, "tmp"), 0o1777);
    for (const directory of [".", "bin"]) chmodSync(join(rootfs, directory), 0o755);
    copyFileSync(programPath("busybox") ?? "", join(rootfs, "bin/busybox"));
    chmodSync(join(rootfs, "bin/busybox"), 0o755);
    for (const applet of ["sh", "wget", "cp"]) linkSync(join(rootfs, "bin/busybox"), join(rootfs, "bin", applet));
    const storage = ["--storage-driver=vfs", `--root=${join(folder, "root")}`, `--runroot=${join(folder, "run")}`];
    const runtime = ["--runtime=runc", "--cgroup-manager=cgroupfs"];
    const podman = (...args: readonly string[]): string =>
      execFileSync(programPath("podman") ?? "", [...storage, ...runtime, ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }).trim();
    const user = `--user=${auditedUser}`;
    const run = ["create", "--interactive", "--network=none", user, ...limits, "--rootfs", rootfs, "/bin/sh"];
    const id = podman(...run);
    audit.guards(id);
    return new KernelContainer(id, [...storage, ...runtime], podman);
  }

  start(): void {
    const args = [...this.#storage, "start", "--attach", "--interactive", this.id];
    this.#shell = spawn(programPath("podman") ?? "", args, { stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Lets the shell run a line, and waits until it is done with it. */
  async run(line: string): Promise<void> {
    this.#steps += 1;
    const mark = `step ${this.#steps} is done`;
    this.#shell?.stdin?.write(`${line}\necho "${mark}"\n`);
    await waitFor(() => this.#output.includes(mark), { describe: () => `'${line}' to end; ${this.#output}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const shell = this.#shell;
    if (shell !== undefined && shell.exitCode === null) {
      shell.stdin?.end();
      await once(shell, "exit");
    }
    this.#podman("rm", "--force", "--time=0", this.id);
  }
}
