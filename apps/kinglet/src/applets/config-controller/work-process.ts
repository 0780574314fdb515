import type { ChildProcess } from "node:child_process";
import { createError, describeError } from "@kinglet/errors";
import { sleep, untilAborted, withTimeout } from "@kinglet/lifecycle";
import {
  policyControllerErrors,
  type CertificateIssuer,
  type Judgement,
  type KeyedCertificate,
  type ResourceJudges,
} from "@kinglet/policy-controller";
import type { AppletContext } from "../../applet-context.ts";
import { loadChildProcess } from "./lazy.ts";
import { workCommand } from "./work-command.ts";

/** What is asked of it: one line of JSON each, answered in order by {@link WorkAnswer} lines. @internal */
export interface WorkRequest {
  readonly task: "policies" | "rules" | "certificate";
  readonly input: unknown;
}

/** @internal */
export interface WorkAnswer {
  readonly output?: unknown;
  readonly problem?: string;
}

const requestTimeoutMs = 30_000;
/** How long it waits for more before it ends. */
const idleMs = 1000;
/** Longest answer, characters. */
const maxAnswer = 262_144;

/** What is done in a process of its own. @internal */
export interface WorkProcess extends Disposable {
  readonly issuer: CertificateIssuer;
  readonly judges: ResourceJudges;
}

/**
 * Judges resources and makes certificates in a process of their own, which begins with the first request and ends a second after the last: the engines and the
 * libraries take 8 to 19 MB for something that happens when somebody edits a policy, and a process gives all of it back. What hostile patterns and expressions
 * can do, they do there.
 *
 * A process that dies, hangs for 30 s or answers nonsense fails the request that was under way; the next request begins another.
 */
export function createWorkProcess(context: AppletContext): WorkProcess {
  const workshop = new Workshop(context);
  const judge = (task: "policies" | "rules") => async (object: unknown) => {
    const output = await workshop.ask({ task, input: object });
    const { isValid, message } = (output ?? {}) as Partial<Judgement>;
    if (typeof isValid !== "boolean" || typeof message !== "string") throw failed(task, "the answer cannot be read");
    const { claimedName } = output as Judgement;
    return { isValid, message, claimedName };
  };
  return {
    issuer: {
      issue: async (request) => {
        const output = (await workshop.ask({ task: "certificate", input: request })) as Partial<KeyedCertificate>;
        const { certificate, key } = output ?? {};
        if (typeof certificate === "string" && typeof key === "string") return { certificate, key };
        throw createError(policyControllerErrors, "KINGLET_ERR_POLICY_CONTROLLER_ISSUE", {
          name: request.commonName,
          reason: "the answer cannot be read",
        });
      },
    },
    judges: { policies: judge("policies"), rules: judge("rules"), rest: () => workshop.rest() },
    [Symbol.dispose]: () => workshop.end(),
  };
}

/** One process at a time, one request at a time. */
class Workshop {
  readonly #context: AppletContext;
  #child: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: AbortController | undefined;

  constructor(context: AppletContext) {
    this.#context = context;
  }

  ask(request: WorkRequest): Promise<unknown> {
    const answer = this.#last.then(() => this.#exchange(request));
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** Ends the process once it has answered everything; resolves when it is gone. */
  rest(): Promise<void> {
    const gone = this.#last.then(async () => {
      const child = this.#child;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      this.#idle?.abort();
      this.#child = undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      child.once("close", () => resolve()).once("error", () => resolve());
      // It has nothing that it could lose.
      child.kill("SIGKILL");
      await promise;
    });
    this.#last = gone.catch(() => {});
    return gone;
  }

  end(): void {
    this.#idle?.abort();
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #exchange(request: WorkRequest): Promise<unknown> {
    const { signal, clock } = this.#context;
    this.#idle?.abort();
    using limit = withTimeout(requestTimeoutMs, { signal, clock, name: `work on ${request.task}` });
    const child = (this.#child ??= await this.#start());
    try {
      const line = await converse(child, `${JSON.stringify(request)}\n`, limit, request.task);
      const { output, problem } = JSON.parse(line) as WorkAnswer;
      if (problem !== undefined) throw failed(request.task, problem);
      this.#endLater();
      return output;
    } catch (error) {
      this.end();
      throw error;
    }
  }

  async #start(): Promise<ChildProcess> {
    const { spawn } = await loadChildProcess();
    const { process, invocation, name, isSingleExecutable } = this.#context;
    const { execPath, execArgv, argv } = process;
    const [, invokedAs = execPath] = argv;
    // A link's name chooses the applet already.
    const args = [...(invocation === name ? [] : [name]), workCommand];
    const child = spawn(execPath, isSingleExecutable ? args : [...withoutInspector(execArgv), invokedAs, ...args], {
      ...(isSingleExecutable ? { argv0: invokedAs } : {}),
      // Beside the one that asks it has to fit into 96 MiB.
      env: { NODE_OPTIONS: "--max-old-space-size=40" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    // A process that has ended already, or never began, tells why by that.
    child.on("error", () => {});
    child.stdin?.on("error", () => {});
    child.stdout?.setEncoding("utf8");
    child.stderr?.setEncoding("utf8");
    child.once("close", () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }

  #endLater(): void {
    const idle = new AbortController();
    this.#idle = idle;
    sleep(idleMs, { signal: idle.signal, clock: this.#context.clock }).then(
      () => {
        this.#child?.stdin?.end();
        this.#child = undefined;
      },
      () => {},
    );
  }
}

/** Writes a line and reads the next one. */
async function converse(child: ChildProcess, line: string, limit: AbortSignal, task: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  let complaints = "";
  const onText = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf("\n");
    if (end !== -1) resolve(text.slice(0, end));
    else if (text.length > maxAnswer) reject(failed(task, "the answer is too long"));
  };
  const onComplaint = (chunk: string): void => {
    complaints = (complaints + chunk).slice(-4096);
  };
  const onError = (error: Error): void => reject(failed(task, describeError(error), error));
  const onClose = (code: number | null, cause: string | null): void =>
    reject(failed(task, complaints.trim().split("\n").at(-1) || `its process ended: ${String(cause ?? code)}`));
  child.stdout?.on("data", onText);
  child.stderr?.on("data", onComplaint);
  child.on("error", onError).on("close", onClose);
  try {
    child.stdin?.write(line);
    return await untilAborted(promise, limit);
  } finally {
    child.stdout?.off("data", onText);
    child.stderr?.off("data", onComplaint);
    child.off("error", onError).off("close", onClose);
  }
}

/** A port can be listened to once. */
function withoutInspector(execArgv: readonly string[]): readonly string[] {
  return execArgv.filter((flag) => !flag.startsWith("--inspect"));
}

function failed(task: string, reason: string, cause?: unknown): Error {
  return createError(policyControllerErrors, "KINGLET_ERR_POLICY_CONTROLLER_WORK", { task, reason }, { cause });
}
