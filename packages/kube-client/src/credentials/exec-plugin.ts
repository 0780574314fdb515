import type { Clock } from "@kinglet/lifecycle";
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** How a kubeconfig user says that a program logs in. */
export interface ExecPluginConfig {
  /** `client.authentication.k8s.io/v1` or `…/v1beta1`. */
  readonly apiVersion: string;
  /** A name to look up in PATH, or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string;
  readonly interactiveMode: "Never" | "IfAvailable" | "Always";
  /** Told to the program when the user asks for it (`provideClusterInfo`). */
  readonly cluster: object | undefined;
}

/** Which programs may log in: all, none, or these (names in PATH or absolute paths). @see Kubernetes' `credentialPluginPolicy` @public */
export type ExecPluginPolicy = "all" | "none" | readonly string[];

/** Where and how the program runs. */
export interface ExecPluginPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly policy: ExecPluginPolicy;
  /** A person is there to answer: the program gets our standard input and error. */
  readonly isInteractive: boolean;
}

/** An answer is a token of a few kilobytes, or a certificate with its chain. */
const MAX_OUTPUT_BYTES = 1_048_576;
const TIMEOUT_MS = 60_000;
/** A person has to find a password or a second device. */
const INTERACTIVE_TIMEOUT_MS = 300_000;

/**
 * Runs the program and returns what it wrote to standard output.
 *
 * Nothing that the program writes gets into an error: it may hold credentials. Its standard error is shown to a person and dropped otherwise.
 *
 * @throws an Error in plain words: not allowed, not found (with the hint how to install it), failed, too slow, too much output.
 */
export async function runExecPlugin(plugin: ExecPluginConfig, place: ExecPluginPlace): Promise<string> {
  const { command } = plugin;
  const path = findProgram(command, place.env);
  if (!isAllowed(command, path, place)) throw new Error(`the plugin "${command}" is not among those that may run`);
  if (path === undefined) {
    const hint = plugin.installHint === "" ? "" : `; ${plugin.installHint}`;
    throw new Error(`the plugin "${command}" was not found${hint}`);
  }
  if (plugin.interactiveMode === "Always" && !place.isInteractive)
    throw new Error(`the plugin "${command}" needs a terminal (interactiveMode: Always)`);
  const isInteractive = plugin.interactiveMode !== "Never" && place.isInteractive;
  const spec = { interactive: isInteractive, ...(plugin.cluster === undefined ? {} : { cluster: plugin.cluster }) };
  const info = JSON.stringify({ kind: "ExecCredential", apiVersion: plugin.apiVersion, spec });
  return new Promise((resolve, reject) => {
    const child = spawn(path, [...plugin.args], {
      env: { ...place.env, ...plugin.env, KUBERNETES_EXEC_INFO: info },
      stdio: [isInteractive ? "inherit" : "ignore", "pipe", isInteractive ? "inherit" : "ignore"],
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    let problem: string | undefined;
    const stop = (reason: string): void => {
      problem ??= reason;
      child.kill("SIGKILL");
      // Its own children may hold the pipe open.
      child.stdout?.destroy();
    };
    const timeoutMs = isInteractive ? INTERACTIVE_TIMEOUT_MS : TIMEOUT_MS;
    const timer = place.clock.startTimer(() => stop(`took longer than ${timeoutMs} ms`), timeoutMs);
    child.stdout?.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_OUTPUT_BYTES) stop(`wrote more than ${MAX_OUTPUT_BYTES} bytes`);
      else chunks.push(chunk);
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      timer.cancel();
      // Node's message repeats the arguments, which may hold secrets.
      reject(new Error(`the plugin "${command}" could not be started: ${error.code ?? "unknown reason"}`));
    });
    child.once("close", (code, signal) => {
      timer.cancel();
      problem ??= code === 0 ? undefined : signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
      if (problem === undefined) resolve(Buffer.concat(chunks, length).toString("utf8"));
      else reject(new Error(`the plugin "${command}" ${problem}`));
    });
  });
}

function isAllowed(command: string, path: string | undefined, { policy, env }: ExecPluginPlace): boolean {
  if (typeof policy === "string") return policy === "all";
  return policy.some((entry) => entry === command || (path !== undefined && findProgram(entry, env) === path));
}

/** As a shell looks for it. */
function findProgram(command: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const candidates = isAbsolute(command)
    ? [command]
    : (env["PATH"] ?? "").split(delimiter).flatMap((dir) => (isAbsolute(dir) ? [join(dir, command)] : []));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      // Not here, or not to be run: the next folder may have it.
      return false;
    }
  });
}
