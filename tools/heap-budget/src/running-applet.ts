import { spawn, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { get } from "node:http";

/** How to start an applet so that it becomes ready and idle. */
export interface AppletStart {
  /** Program and arguments before the applet's own, e.g. the Node binary with flags and the link. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 once the applet is ready. */
  readonly readyUrl: string;
}

/** An applet that was started and became ready. */
export interface RunningApplet extends AsyncDisposable {
  readonly pid: number;
  /** From spawn to its log line that says so, confirmed by `/readyz`, milliseconds. */
  readonly readyMs: number;
  /** Everything it has written to stderr so far. */
  stderr(): string;
}

/** The line by which an applet says that it is ready. */
const readyLine = /"msg":"ready"/;

/**
 * Starts an applet and waits until it says that it is ready; the error carries what it printed.
 *
 * The log line is waited for, not `/readyz` asked again and again: a process that answers questions while it starts, starts later.
 */
export async function startApplet(
  start: AppletStart,
  options: { readonly waitMs?: number } = {},
): Promise<RunningApplet> {
  const [program = "", ...rest] = start.command;
  const started = performance.now();
  const child = spawn(program, [...rest, ...start.args], {
    env: { ...start.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  const said = Promise.withResolvers<number>();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-65_536);
    if (readyLine.test(stderr)) said.resolve(performance.now() - started);
  });
  child.once("exit", () => said.reject(new Error(`ended before it was ready:\n${stderr}`)));
  const timer = setTimeout(() => said.reject(new Error(`not ready in time:\n${stderr}`)), options.waitMs ?? 60_000);
  try {
    const readyMs = await said.promise;
    if (!(await isReady(start.readyUrl))) throw new Error(`${start.readyUrl} does not confirm that it is ready`);
    return {
      pid: child.pid ?? 0,
      readyMs,
      stderr: () => stderr,
      [Symbol.asyncDispose]: () => stop(child),
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Memory of a process as the kernel counts it, bytes. */
export async function residentMemory(pid: number): Promise<{ readonly rss: number; readonly anonymous: number }> {
  const text = await readFile(`/proc/${String(pid)}/status`, "utf8");
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? "0");
  return { rss: kilobytes("VmRSS") * 1024, anonymous: kilobytes("RssAnon") * 1024 };
}

function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}

/** Ends it at once: nothing it holds is of use to anybody, and an orderly end takes an admission controller ten seconds. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await ended;
}
