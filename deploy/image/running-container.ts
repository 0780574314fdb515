import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Readable } from "node:stream";

/** A container of the image under test, in the foreground of a process of its own. */
export interface RunningContainer extends AsyncDisposable {
  readonly name: string;
  /** What it has said so far. */
  log(): string;
  /** Ends it with SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

/** Starts a container. `global` are options of podman, `run` those of `podman run`, the image and the command among them. */
export function startContainer(
  global: readonly string[],
  name: string,
  run: readonly string[],
  podman: (...args: string[]) => string,
): RunningContainer {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    "podman",
    [...global, "run", "--rm", `--name=${name}`, ...run],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const exited = once(child, "exit");
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) podman("kill", "--signal=TERM", name);
    const [code] = (await exited) as [number | null];
    return code;
  };
  return {
    name,
    log: () => log,
    stop,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      podman("kill", "--signal=KILL", name);
      await exited;
    },
  };
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
