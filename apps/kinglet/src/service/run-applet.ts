import { describeError, hasCode } from "@kinglet/errors";
import { heapFlagsGuard, planHeapFlags, readMemoryLimit, reExec, type MemoryLimit } from "@kinglet/memory-limit";
import {
  loadSettings,
  printConfig,
  renderHelp,
  wantsHelp,
  type LoadedSettings,
  type SettingsSchema,
  type SettingsValues,
} from "@kinglet/settings";
import { ExitCode, type AppletContext } from "../applet-context.ts";

/** What an applet that serves is made of. */
export interface ServedApplet<S extends SettingsSchema> {
  readonly schema: S;
  readonly summary: string;
  /** Problems between settings, which no single one shows; one line each. */
  crossCheck(config: SettingsValues<S>): readonly string[];
  /** Runs with settings in order; called after the heap flags are decided. */
  serve(config: SettingsValues<S>, warnings: readonly string[], limit: MemoryLimit): Promise<ExitCode>;
}

/**
 * From arguments to exit code: help, settings with all problems at once, `--print-config`, heap flags that follow the memory limit, then the applet.
 *
 * Where a limit is known and nobody gave a heap flag, the program starts itself anew in its place (same pid) with the flags: V8 reads them only at the start.
 *
 * @internal
 */
export async function runApplet<S extends SettingsSchema>(
  context: AppletContext,
  applet: ServedApplet<S>,
): Promise<ExitCode> {
  const { schema } = applet;
  if (wantsHelp(context.argv)) {
    const { summary } = applet;
    await context.stdout.write(renderHelp(schema, { usage: `${context.invocation} [flags]`, summary }));
    return ExitCode.ok;
  }
  let settings: LoadedSettings<S>;
  try {
    const { argv, env, signal } = context;
    settings = await loadSettings(schema, { argv, env, signal, knownEnv: [heapFlagsGuard] });
  } catch (error) {
    if (context.signal.aborted) return ExitCode.ok;
    return reportProblems(context, problemsOf(error) ?? [describeError(error)]);
  }
  if (settings.printConfig !== undefined) {
    await context.stdout.write(printConfig(schema, settings, settings.printConfig));
    return ExitCode.ok;
  }
  const problems = applet.crossCheck(settings.values);
  if (problems.length > 0) return reportProblems(context, problems);
  const { memlimit } = settings.values as { readonly memlimit?: string };
  const limit = readMemoryLimit({ env: { ...context.env, KINGLET_MEMLIMIT: memlimit } });
  if (limit.error !== undefined) return reportProblems(context, [`memlimit: ${describeError(limit.error)}`]);
  const plan = planHeapFlags(limit, { applet: context.name, env: context.env, execArgv: context.process.execArgv });
  if (plan.reExec) reExec(plan, { process: context.process, isSingleExecutable: context.isSingleExecutable });
  const warnings = limit.warning === undefined ? settings.warnings : [...settings.warnings, limit.warning];
  return applet.serve(settings.values, warnings, limit);
}

async function reportProblems(context: AppletContext, problems: readonly string[]): Promise<ExitCode> {
  const lines = problems.map((problem) => `${context.name}: ${problem}\n`).join("");
  await context.stderr.write(`${lines}${context.invocation} --help explains every setting\n`);
  return ExitCode.usage;
}

function problemsOf(error: unknown): readonly string[] | undefined {
  if (!hasCode(error, "KINGLET_ERR_SETTINGS_INVALID")) return undefined;
  return (error as unknown as { readonly details: { readonly problems: readonly string[] } }).details.problems.map(
    (problem) => `KINGLET_ERR_SETTINGS_INVALID: ${problem}`,
  );
}
