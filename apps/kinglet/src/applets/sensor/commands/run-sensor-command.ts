import { describeError } from "@kinglet/errors";
import {
  loadSettings,
  printConfig,
  renderHelp,
  wantsHelp,
  type SettingsSchema,
  type SettingsValues,
} from "@kinglet/settings";
import { ExitCode, type AppletContext } from "../../../applet-context.ts";
import { reportUsage, settingsProblemsOf } from "../../../report-usage.ts";
import { allow } from "./allow.ts";
import { CommandFailure } from "./command-failure.ts";
import { allowSettings, explainSettings } from "./command-settings.ts";
import { explain } from "./explain.ts";

/** What a command of the sensor is made of. */
interface SensorCommand<S extends SettingsSchema> {
  readonly schema: S;
  readonly argument: string;
  readonly summary: string;
  run(argument: string, config: SettingsValues<S>, context: AppletContext): Promise<ExitCode>;
}

/**
 * `sensor explain` and `sensor allow`: from arguments to exit code.
 *
 * Exit codes: 0 done · 1 a fault · 2 wrong arguments · 3 the sensor does not answer, the pod is not there, or the alert cannot be allowed.
 *
 * @internal
 */
export function runSensorCommand(name: "explain" | "allow", context: AppletContext): Promise<ExitCode> {
  if (name === "explain") {
    return runCommand(name, context, {
      schema: explainSettings(),
      argument: "NAMESPACE/POD[/CONTAINER]",
      summary:
        "Asks the running sensor about a pod: which profile each container is judged by and why, what is learned of it, which rules hold, what it did last, and when nothing could be seen.",
      run: explain,
    });
  }
  return runCommand(name, context, {
    schema: allowSettings(),
    argument: "ALERT.json",
    summary:
      "Prints the ContainerProfile to apply so that what the alert is about is allowed, and nothing else: kinglet sensor allow ALERT.json | kubectl apply -f -. With - the alert is read from standard input.",
    run: allow,
  });
}

async function runCommand<S extends SettingsSchema>(
  name: string,
  context: AppletContext,
  command: SensorCommand<S>,
): Promise<ExitCode> {
  const { schema, argument, summary } = command;
  const argv = context.argv.slice(1);
  if (wantsHelp(argv)) {
    await context.stdout.write(
      renderHelp(schema, { usage: `${context.invocation} ${name} ${argument} [flags]`, summary }),
    );
    return ExitCode.ok;
  }
  let settings;
  try {
    settings = await loadSettings(schema, {
      argv,
      env: ownVariables(schema, context.env),
      signal: context.signal,
      maxPositionals: 1,
    });
  } catch (error) {
    return reportUsage(context, settingsProblemsOf(error) ?? [describeError(error)]);
  }
  if (settings.printConfig !== undefined) {
    await context.stdout.write(printConfig(schema, settings, settings.printConfig));
    return ExitCode.ok;
  }
  const [given] = settings.positionals;
  if (given === undefined) return reportUsage(context, [`${name} needs ${argument}`]);
  try {
    return await command.run(given, settings.values, context);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    await context.stderr.write(`${context.name} ${name}: ${error.message}\n`);
    return error.exitCode;
  }
}

/** The command may run in the sensor's container, where most variables are about other settings. */
function ownVariables(schema: SettingsSchema, env: AppletContext["env"]): AppletContext["env"] {
  const names = Object.keys(schema).map((key) => `KINGLET_${key.replace(/[A-Z]/g, "_$&").toUpperCase()}`);
  // The format of the sensor's alerts is not that of this command.
  const wanted = new Set(names.filter((name) => name !== "KINGLET_OUTPUT"));
  return Object.fromEntries(Object.entries(env).filter(([name]) => wanted.has(name) || !name.startsWith("KINGLET_")));
}
