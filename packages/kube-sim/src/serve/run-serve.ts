import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { whenAborted } from "@kinglet/lifecycle";
import type { AuditPolicy } from "../audit/audit-policy.ts";
import { parseTokenFile } from "../authorization/token-file.ts";
import type { SimUser } from "../authorization/user-info.ts";
import { loadYaml } from "../decoding/lazy.ts";
import { openKubeSim, type KubeSim } from "../kube-sim.ts";
import type { KubeSimOptions } from "../kube-sim-options.ts";
import { toJsonText } from "../representation/serialize.ts";
import { createSeededRandom } from "./seeded-random.ts";
import { SERVE_HELP } from "./serve-help.ts";
import { parseServeArguments, type ServeOptions } from "./serve-options.ts";
import { writePrivateFile } from "./write-private-file.ts";

/** What the program gets from its surroundings. */
export interface ServeContext {
  /** The words after the program's name. */
  readonly args: readonly string[];
  /** Ends the program when it fires. */
  readonly signal: AbortSignal;
  /** Prints a line on standard output. */
  readonly print: (line: string) => void;
  /** Prints a line on standard error. */
  readonly report: (line: string) => void;
}

/** 0: stopped as asked; 1: could not start; 2: wrong arguments. */
export type ServeExitCode = 0 | 1 | 2;

/** `kube-sim serve`: serves until the signal fires. Never rejects. */
export async function runServe(context: ServeContext): Promise<ServeExitCode> {
  const parsed = parseServeArguments(context.args);
  switch (parsed.kind) {
    case "help":
      context.print(SERVE_HELP.trimEnd());
      return 0;
    case "problems":
      for (const problem of parsed.problems) context.report(`kube-sim: ${problem}`);
      context.report("kube-sim: see kube-sim serve --help");
      return 2;
    default:
      return serve(parsed.options, context);
  }
}

async function serve(options: ServeOptions, context: ServeContext): Promise<ServeExitCode> {
  await using stack = new AsyncDisposableStack();
  try {
    const tokens = options.tokenAuthFile === undefined ? {} : readTokens(options.tokenAuthFile);
    const { clientCaFile } = options;
    const audit = await openAudit(options, context, stack);
    const sim = stack.use(
      await openKubeSim({
        port: options.port,
        authorization: "rbac",
        tokens,
        ...(clientCaFile === undefined ? {} : { clientAuthorityPem: readText(clientCaFile, "--client-ca-file") }),
        ...(audit === undefined ? {} : { audit }),
        ...(options.seed === undefined ? {} : { random: createSeededRandom(options.seed) }),
      }),
    );
    sim.load(options.load, options.seed);
    const kubeconfig = options.kubeconfig === undefined ? temporaryFile(stack) : resolve(options.kubeconfig);
    writeKubeconfig(kubeconfig, sim);
    context.print(JSON.stringify({ ready: true, server: sim.server, kubeconfig }));
  } catch (error) {
    context.report(`kube-sim: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  await whenAborted(context.signal);
  return 0;
}

/** The audit log that was asked for; its file is closed with the stack. */
async function openAudit(
  { auditPolicyFile, auditLogFile }: ServeOptions,
  context: ServeContext,
  stack: AsyncDisposableStack,
): Promise<KubeSimOptions["audit"]> {
  if (auditPolicyFile === undefined || auditLogFile === undefined) return undefined;
  const { parse } = await loadYaml();
  const policy = parsePolicy(parse, readText(auditPolicyFile, "--audit-policy-file"), auditPolicyFile);
  const name = `--audit-log-path ${JSON.stringify(auditLogFile)}`;
  let file: number;
  try {
    file = openSync(auditLogFile, "a", 0o600);
  } catch (cause) {
    const wayOut = `make the folder ${JSON.stringify(dirname(auditLogFile))} writable, or name another file`;
    throw new Error(`${name} cannot be written (${reasonOf(cause)}); ${wayOut}`, { cause });
  }
  stack.defer(() => closeSync(file));
  let isBroken = false;
  const write: NonNullable<KubeSimOptions["audit"]>["write"] = (event) => {
    try {
      writeSync(file, `${toJsonText(event)}\n`);
      isBroken = false;
    } catch (error) {
      if (!isBroken) context.report(`kube-sim: ${name} cannot be written (${reasonOf(error)}); events are lost`);
      isBroken = true;
    }
  };
  return { policy, write };
}

function parsePolicy(parse: (text: string) => unknown, text: string, file: string): AuditPolicy {
  try {
    // Opening the simulator checks it.
    return parse(text) as AuditPolicy;
  } catch (cause) {
    const why = (cause as Error).message.split("\n")[0] ?? "";
    throw new Error(`--audit-policy-file ${JSON.stringify(file)} is no YAML (${why}); correct it`, { cause });
  }
}

function readTokens(file: string): Record<string, SimUser> {
  return Object.fromEntries(parseTokenFile(readText(file, "--token-auth-file"), file));
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const wayOut = "name a file that exists and that you may read";
    throw new Error(`${flag} ${JSON.stringify(file)} cannot be read (${reasonOf(cause)}); ${wayOut}`, { cause });
  }
}

function writeKubeconfig(file: string, sim: KubeSim): void {
  try {
    writePrivateFile(file, `${JSON.stringify(sim.kubeconfig(), undefined, 2)}\n`);
  } catch (cause) {
    const folder = JSON.stringify(dirname(file));
    const wayOut = `make the folder ${folder} writable, or name another file`;
    throw new Error(`--kubeconfig ${JSON.stringify(file)} cannot be written (${reasonOf(cause)}); ${wayOut}`, {
      cause,
    });
  }
}

function temporaryFile(stack: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "kube-sim-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "kubeconfig");
}

function reasonOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}
