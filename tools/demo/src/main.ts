import { describeError } from "@kinglet/errors";
import { HELP, parseCommandLine, type CommandLine } from "./command-line.ts";
import type { DemoOutput } from "./demo-output.ts";
import { createJsonOutput } from "./json-output.ts";
import { runDemo } from "./run-demo.ts";
import { listenForStop } from "./stop-signals.ts";
import { createTextOutput } from "./text-output.ts";

/** `pnpm demo`: from arguments to the exit code. */
async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const commandLine = parseCommandLine(args);
  if (typeof commandLine === "string") {
    process.stderr.write(`demo: ${commandLine}\n--help lists the options\n`);
    return 2;
  }
  if (commandLine.isHelp) {
    process.stdout.write(HELP);
    return 0;
  }
  const signal = listenForStop();
  const output = openOutput(commandLine, env);
  const stack = new AsyncDisposableStack();
  let code = 0;
  try {
    await runDemo({ commandLine, env, output, signal }, stack);
  } catch (error) {
    code = signal.aborted ? 130 : 1;
    output.problem(signal.aborted ? `${(signal.reason as Error).message}: cleaning up` : explain(error));
  }
  try {
    await stack.disposeAsync();
  } catch (error) {
    output.problem(`cleaning up failed: ${describeError(error)}`);
    code ||= 1;
  }
  return code;
}

function openOutput(commandLine: CommandLine, env: NodeJS.ProcessEnv): DemoOutput {
  const write = (text: string): void => void process.stdout.write(text);
  const writeError = (text: string): void => void process.stderr.write(text);
  if (commandLine.output === "json") return createJsonOutput(write, writeError);
  return createTextOutput(write, writeError, process.stdout.isTTY && (env["NO_COLOR"] ?? "") === "");
}

/** One line: what is wrong, and what to do about it. */
function explain(error: unknown): string {
  const { remedy = "" } = error as { readonly remedy?: string };
  return remedy === "" ? describeError(error) : `${describeError(error)}. ${remedy}`;
}

process.exitCode = await main(process.argv.slice(2), process.env);
