import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { sleep, systemClock } from "@kinglet/lifecycle";
import type { KubeObjectInput } from "../../src/resources/kube-object.ts";
import { openKubeSim, type KubeSim } from "../../src/kube-sim.ts";
import { TemporaryFolder, type ClientTools } from "./client-tools.ts";

/** What a program did. */
export interface Run {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** A program that is still running. */
export interface Running {
  /** Waits for that many lines on standard output, in all. @throws when it ends before */
  lines(count: number): Promise<string[]>;
  /** Ends it; the same as disposing. */
  stop(): Promise<Run>;
  readonly ended: Promise<Run>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A program that takes longer than this has met a server that does not answer as it expects, milliseconds. */
const PATIENCE_MS = 20_000;

/** kubectl and Helm of one version against a simulator of their own, with roles enforced; nothing of it is shared with other tests. */
export class ClientShell implements AsyncDisposable {
  readonly sim: KubeSim;
  readonly #folder = new TemporaryFolder();
  readonly #tools: ClientTools;

  private constructor(sim: KubeSim, tools: ClientTools) {
    this.sim = sim;
    this.#tools = tools;
    this.write("kubeconfig", JSON.stringify(sim.kubeconfig()));
  }

  static async open(tools: ClientTools): Promise<ClientShell> {
    return new ClientShell(
      await openKubeSim({
        authorization: "rbac",
        tokens: { "ann-token": { name: "ann", groups: ["dev"] } },
      }),
      tools,
    );
  }

  /** Stores objects on the server, status included. */
  given(...objects: readonly KubeObjectInput[]): void {
    for (const object of objects) this.sim.apply(object);
  }

  /** Writes a file for `-f`; returns its path. */
  write(name: string, content: string | object): string {
    return this.#folder.write(name, typeof content === "string" ? content : JSON.stringify(content));
  }

  get folder(): string {
    return this.#folder.path;
  }

  /** Looks until something is so. @throws when it never is */
  async until(isSo: () => boolean): Promise<void> {
    for (let waitedMs = 0; !isSo(); waitedMs += 5) {
      if (waitedMs > PATIENCE_MS) throw new Error(`not so after ${PATIENCE_MS} ms: ${String(isSo)}`);
      await sleep(5, { clock: systemClock });
    }
  }

  /** Runs kubectl. @returns standard output @throws when it does not end with 0 */
  kubectl(...args: readonly string[]): Promise<string> {
    return succeeded(args, this.run("kubectl", args));
  }

  /** Runs helm. @returns standard output @throws when it does not end with 0 */
  helm(...args: readonly string[]): Promise<string> {
    return succeeded(args, this.run("helm", args));
  }

  run(program: "kubectl" | "helm", args: readonly string[], input?: string): Promise<Run> {
    const started = this.start(program, args);
    started.process.stdin?.end(input);
    return started.ended;
  }

  /** Starts one that goes on, as `get --watch` does. */
  start(program: "kubectl" | "helm", args: readonly string[]): Running & { readonly process: ChildProcess } {
    const home = this.#folder.path;
    return watchProcess(
      spawn(this.#tools[program], args, {
        cwd: home,
        timeout: PATIENCE_MS,
        env: {
          PATH: process.env["PATH"],
          HOME: home,
          KUBECONFIG: `${home}/kubeconfig`,
          KUBE_EDITOR: `${home}/editor`,
          XDG_CACHE_HOME: home,
          XDG_CONFIG_HOME: home,
          XDG_DATA_HOME: home,
        },
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim.stop();
    this.#folder[Symbol.dispose]();
  }
}

async function succeeded(args: readonly string[], ended: Promise<Run>): Promise<string> {
  const { exit, out, err } = await ended;
  if (exit !== 0) throw new Error(`${args.join(" ")} ended with ${exit}: ${err}${out}`);
  return out;
}

function watchProcess(child: ChildProcess): Running & { readonly process: ChildProcess } {
  let out = "";
  let err = "";
  const waiting = new Set<() => void>();
  child.stdout?.on("data", (chunk: Buffer) => {
    out += String(chunk);
    for (const look of waiting) look();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    err += String(chunk);
  });
  const ended = once(child, "close").then(([code]) => ({ exit: (code as number | null) ?? -1, out, err }));
  const stop = (): Promise<Run> => {
    child.kill("SIGKILL");
    return ended;
  };
  return {
    process: child,
    ended,
    stop,
    lines(count) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const lines = out.split("\n").slice(0, -1);
          if (lines.length < count) return;
          waiting.delete(look);
          resolve(lines);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`ended after fewer than ${count} lines: ${out}${err}`)));
      });
    },
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
