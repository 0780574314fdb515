import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { evictFromPageCache } from "@kinglet-tools/heap-budget/evict-file";
import { freePort, httpGet } from "@kinglet/testing";
import { buildImage } from "../../../../deploy/image/build-image.ts";

/** How the sensor is started. */
export interface ContainedOptions {
  /** A folder of this run; what lies in `shared` is seen by the container under `/shared`. */
  readonly folder: string;
  readonly kubeconfig: string;
  /** `podman run --memory`. */
  readonly memory: string;
  readonly args: readonly string[];
  readonly onAlert: (line: string) => void;
}

/** The sensor's image in a container of podman with a memory limit. */
export class ContainedSensor implements AsyncDisposable {
  readonly #name: string;
  readonly #podman: (...args: string[]) => string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #metrics: string;
  /** Of the program, in the host's PID namespace. */
  pid = 0;
  #log = "";

  private constructor(
    name: string,
    podman: (...args: string[]) => string,
    child: ChildProcessByStdio<null, Readable, Readable>,
    port: number,
    onAlert: (line: string) => void,
  ) {
    this.#name = name;
    this.#podman = podman;
    this.#child = child;
    this.#metrics = `http://127.0.0.1:${port}`;
    createInterface({ input: child.stdout }).on("line", onAlert);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#log = `${this.#log}${text}`.slice(-20_000);
    });
  }

  static async start(options: ContainedOptions): Promise<ContainedSensor> {
    const { folder } = options;
    const storage = ["--storage-driver=vfs", `--root=${join(folder, "root")}`, `--runroot=${join(folder, "run")}`];
    const image = "localhost/kinglet-bench:latest";
    buildImage(process.env, { name: image, storage });
    const podman = (...args: string[]): string =>
      execFileSync("podman", [...storage, ...engine, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    const shared = join(folder, "shared");
    copyFileSync(options.kubeconfig, join(shared, "kubeconfig"));
    chmodSync(join(shared, "kubeconfig"), 0o644);
    mkdirSync(join(folder, "state"), { recursive: true });
    chmodSync(join(folder, "state"), 0o777);
    const name = `kinglet-bench-${process.pid}-${Date.now() % 100_000}`;
    const port = await freePort();
    const container = [
      ...["create", "--rm", `--name=${name}`, `--memory=${options.memory}`, `--memory-swap=${options.memory}`],
      ...["--network=host", "--read-only", "--cap-drop=all", ...ulimits],
      ...[`--volume=${shared}:/shared:ro`, `--volume=${join(folder, "state")}:/var/lib/kinglet`],
    ];
    const sensor = ["sensor", "--node-name=node-a", "--kubeconfig=/shared/kubeconfig"];
    const more = ["--tetragon-file=/shared/tetragon.log", "--output=json", `--metrics-bind=127.0.0.1:${port}`];
    podman(...container, image, ...sensor, ...more, "--debug-bind=127.0.0.1:0", ...options.args);
    // A node starts a program that was written long ago.
    await evictFromPageCache(join(podman("mount", name).trim(), programPath));
    const child = spawn("podman", [...storage, ...engine, "start", "--attach", name], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const running = new ContainedSensor(name, podman, child, port, options.onAlert);
    await running.#untilReady();
    running.pid = Number(podman("inspect", "--format={{.State.Pid}}", name));
    return running;
  }

  /** The sum of a metric over its labels, or over those whose labels contain `part`. */
  async metric(name: string, part = ""): Promise<number> {
    const { text } = await httpGet(`${this.#metrics}/metrics`);
    let sum = 0;
    for (const line of text.split("\n")) {
      if (!line.startsWith(name) || !/^[{ ]/u.test(line.slice(name.length)) || !line.includes(part)) continue;
      sum += Number(line.slice(line.lastIndexOf(" ") + 1));
    }
    return sum;
  }

  /** Every sample whose name contains `part`, by line. */
  async samples(part: string): Promise<readonly string[]> {
    const { text } = await httpGet(`${this.#metrics}/metrics`);
    return text.split("\n").filter((line) => !line.startsWith("#") && line.includes(part));
  }

  pause(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.pid, "SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#podman("kill", "--signal=TERM", this.#name);
    await exited;
  }

  async #untilReady(): Promise<void> {
    for (let look = 0; look < 600; look++) {
      if (this.#child.exitCode !== null) throw new Error(`the sensor ended:\n${this.#log}`);
      if ((await httpGet(`${this.#metrics}/readyz`)).status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the sensor is not ready after 30 s:\n${this.#log}`);
  }
}

/** In the image. */
const programPath = "usr/bin/kinglet";

/** Given because the defaults are more than a container within a container may set. */
const ulimits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"];

const engine = ["--runtime=runc", "--cgroup-manager=cgroupfs"];
