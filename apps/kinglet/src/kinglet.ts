import { systemClock } from "@kinglet/lifecycle";
import { ExitCode, type TextOutput } from "./applet-context.ts";
import { applets } from "./applets.ts";
import { describeFault } from "./describe-fault.ts";
import { endOnFault } from "./end-on-fault.ts";
import { endAtOnce, endProcess } from "./end-process.ts";
import { runOption } from "./program-options.ts";
import { openProcessOutput } from "./process-output.ts";
import { resolveApplet, type Resolution } from "./resolve-applet.ts";
import { listenForStop } from "./stop-signals.ts";
import { version } from "./version.ts";

/** Entry of the program: name → applet → exit code. The only place that reads the process's arguments and environment. */
async function run(stdout: TextOutput, stderr: TextOutput): Promise<ExitCode> {
  const [program = "", invokedAs = "", ...args] = process.argv;
  const resolution: Resolution = resolveApplet(
    invokedAs,
    args,
    applets.map((entry) => entry.name),
  );
  if (resolution.kind === "option") {
    return runOption(resolution, { program, script: __filename, stdout, stderr, version, applets });
  }
  const entry = resolution.kind === "applet" ? applets.find((row) => row.name === resolution.name) : undefined;
  if (resolution.kind === "unknown" || entry === undefined) {
    await stderr.write(`${resolution.name}: applet not found; kinglet --list shows what there is\n`);
    return ExitCode.unknownApplet;
  }
  const { main } = await entry.load();
  return main({
    name: entry.name,
    invocation: resolution.invocation,
    argv: resolution.argv,
    // oxlint-disable-next-line node/no-process-env -- read once, here
    env: process.env,
    signal: listenForStop(end),
    stdout,
    stderr,
    clock: systemClock,
    process,
    isSingleExecutable: __filename === process.execPath,
    version,
  });
}

const end = (code: number): never => endAtOnce(code, process, __filename);

async function start(): Promise<void> {
  const stderr = await openProcessOutput(2);
  endOnFault({ on: process.on.bind(process), exit: end }, stderr);
  try {
    await endProcess(await run(await openProcessOutput(1), stderr), process, __filename);
  } catch (error) {
    await stderr.write(`${describeFault(error)}\n`);
    end(ExitCode.fault);
  }
}

void start();
