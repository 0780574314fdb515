import { describeError, hasCode } from "@kinglet/errors";
import { heapFlagsGuard } from "@kinglet/memory-limit";
import { loadSettings, printConfig, renderHelp, wantsHelp, type LoadedSettings } from "@kinglet/settings";
import { ExitCode, type AppletContext } from "../../applet-context.ts";
import { crossCheck, sensorSettings, type SensorConfig } from "./config.ts";
import { loadServeSensor } from "./lazy.ts";
import { applyMemoryLimit } from "./apply-memory-limit.ts";

const summary =
  "Watches the pods of a node (or of the cluster), reads what Tetragon reports, finds the container of each execution, and prints an alert " +
  "when a container executes something outside its profile. Alerts go to standard output, one per line; logs go to standard error.";

/**
 * The sensor: from arguments to exit code.
 *
 * Exit codes: 0 stopped as told · 1 a fault while running · 2 wrong arguments or settings · 3 kubeconfig, event file or profile folder that
 * cannot be used.
 */
export async function main(context: AppletContext): Promise<ExitCode> {
  const schema = sensorSettings();
  if (wantsHelp(context.argv)) {
    await context.stdout.write(renderHelp(schema, { usage: `${context.invocation} [flags]`, summary }));
    return ExitCode.ok;
  }
  let settings: LoadedSettings<typeof schema>;
  try {
    settings = await loadSettings(schema, { argv: context.argv, env: context.env, knownEnv: [heapFlagsGuard] });
  } catch (error) {
    await reportProblems(context, problemsOf(error) ?? [describeError(error)]);
    return ExitCode.usage;
  }
  if (settings.printConfig !== undefined) {
    await context.stdout.write(printConfig(schema, settings, settings.printConfig));
    return ExitCode.ok;
  }
  const config: SensorConfig = settings.values;
  const problems = crossCheck(config);
  if (problems.length > 0) {
    await reportProblems(context, problems);
    return ExitCode.usage;
  }
  const limit = applyMemoryLimit(config, context);
  const { serveSensor } = await loadServeSensor();
  return serveSensor(config, settings.warnings, limit, context);
}

async function reportProblems(context: AppletContext, problems: readonly string[]): Promise<void> {
  const lines = problems.map((problem) => `${context.name}: ${problem}\n`).join("");
  await context.stderr.write(`${lines}${context.invocation} --help explains every setting\n`);
}

function problemsOf(error: unknown): readonly string[] | undefined {
  if (!hasCode(error, "KINGLET_ERR_SETTINGS_INVALID")) return undefined;
  return (error as unknown as { readonly details: { readonly problems: readonly string[] } }).details.problems.map(
    (problem) => `KINGLET_ERR_SETTINGS_INVALID: ${problem}`,
  );
}
