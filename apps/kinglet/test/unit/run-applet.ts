import { Readable } from "node:stream";
import { ManualClock } from "@kinglet/lifecycle";
import type { AppletContext, AppletModule, ExitCode, TextOutput } from "../../src/applet-context.ts";

/** What an applet wrote and how it ended. */
export interface Outcome {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

class CollectingOutput implements TextOutput {
  text = "";
  readonly isTerminal = false;

  async write(text: string): Promise<void> {
    this.text += text;
  }
}

/** Runs a command-line applet in this process, with a standard input of its own. The time is 21 November 2026. */
export async function runApplet(
  main: AppletModule["main"],
  name: string,
  argv: readonly string[],
  options: { readonly stdin?: string | Uint8Array; readonly env?: AppletContext["env"] } = {},
): Promise<Outcome> {
  const stdout = new CollectingOutput();
  const stderr = new CollectingOutput();
  const code = await main({
    name,
    invocation: `kinglet ${name}`,
    argv,
    env: options.env ?? {},
    signal: new AbortController().signal,
    stdout,
    stderr,
    clock: new ManualClock({ now: Date.UTC(2026, 10, 21) }),
    process: { stdin: Readable.from([Buffer.from(options.stdin ?? "")]) } as unknown as NodeJS.Process,
    isSingleExecutable: false,
    version: "0.0.0",
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
