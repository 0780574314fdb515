import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeError, hasCode, type KingletError } from "@kinglet/errors";
import { loadSettings, printConfig, renderHelp, wantsHelp, type LoadedSettings } from "@kinglet/settings";
import { ExitCode, type AppletContext } from "../../applet-context.ts";
import { reportUsage, settingsProblemsOf } from "../../report-usage.ts";
import { heapSettings, type HeapConfig } from "./config.ts";
import { readModuleMap, type ModuleMap } from "./module-map.ts";
import { readSnapshot, type SnapshotSummary } from "./read-snapshot.ts";
import { renderJson, renderText } from "./render-comparison.ts";

const summary =
  "Compares two V8 heap snapshots of the same program, A taken before B, and prints what grew: by constructor, and by the module that " +
  "defines the function or the constructor. Reads the files as streams: a snapshot of 500 MB needs no 500 MB of memory.";

/** An own prefix: a shell in the sensor's container has the sensor's settings in its environment. */
const envPrefix = "KINGLET_HEAP_";

/**
 * Heap snapshots: from arguments to exit code.
 *
 * Exit codes: 0 compared · 1 interrupted, nothing was printed · 2 wrong arguments · 3 a snapshot or module map that cannot be used.
 */
export async function main(context: AppletContext): Promise<ExitCode> {
  const schema = heapSettings();
  if (wantsHelp(context.argv)) {
    const usage = `${context.invocation} compare A.heapsnapshot B.heapsnapshot [flags]`;
    await context.stdout.write(renderHelp(schema, { usage, summary, envPrefix }));
    return ExitCode.ok;
  }
  let settings: LoadedSettings<typeof schema>;
  try {
    const { argv, env, signal } = context;
    settings = await loadSettings(schema, { argv, env, signal, envPrefix, maxPositionals: 3 });
  } catch (error) {
    return reportUsage(context, settingsProblemsOf(error) ?? [describeError(error)]);
  }
  if (settings.printConfig !== undefined) {
    await context.stdout.write(printConfig(schema, settings, settings.printConfig));
    return ExitCode.ok;
  }
  const [command, before, after] = settings.positionals;
  if (command === undefined)
    return reportUsage(context, ["what to do is missing: compare A.heapsnapshot B.heapsnapshot"]);
  if (command !== "compare") {
    return reportUsage(context, [`${JSON.stringify(command.slice(0, 60))} is not known: only compare is`]);
  }
  if (before === undefined || after === undefined) {
    return reportUsage(context, ["compare needs two files: A.heapsnapshot B.heapsnapshot"]);
  }
  try {
    return await compare(context, settings.values, before, after);
  } catch (error) {
    await context.stderr.write(
      `${context.stderr.isTerminal ? "\r\u001b[K" : ""}${context.name}: ${explain(error, context.signal)}\n`,
    );
    if (hasHeapCode(error)) return ExitCode.input;
    if (context.signal.aborted) return ExitCode.fault;
    throw error;
  }
}

async function compare(context: AppletContext, config: HeapConfig, before: string, after: string): Promise<ExitCode> {
  const moduleMap = loadModuleMap(config.modules);
  const a = await readWithProgress(context, before, moduleMap);
  const b = await readWithProgress(context, after, moduleMap);
  await context.stdout.write((config.output === "json" ? renderJson : renderText)(a, b, config.top));
  return ExitCode.ok;
}

async function readWithProgress(
  { stderr, signal }: AppletContext,
  path: string,
  moduleMap: ModuleMap | undefined,
): Promise<SnapshotSummary> {
  if (!stderr.isTerminal) return readSnapshot(path, { signal, moduleMap });
  const name = path
    .slice(path.lastIndexOf("/") + 1)
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, " ")
    .slice(0, 60);
  const onProgress = (share: number): Promise<void> =>
    stderr.write(`\r\u001b[Kreading ${name} ${Math.floor(share * 100)} %`);
  const result = await readSnapshot(path, { signal, moduleMap, onProgress });
  await stderr.write("\r\u001b[K");
  return result;
}

function loadModuleMap(path: string | undefined): ModuleMap | undefined {
  if (path !== undefined) return readModuleMap(path);
  // In the bundle and in the executable this is the folder of the program.
  const own = join(__dirname, "kinglet.modules.json");
  return existsSync(own) ? readModuleMap(own) : undefined;
}

function hasHeapCode(error: unknown): error is KingletError {
  return (
    hasCode(error, "KINGLET_ERR_KINGLET_HEAP_UNREADABLE") ||
    hasCode(error, "KINGLET_ERR_KINGLET_HEAP_COMPRESSED") ||
    hasCode(error, "KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT") ||
    hasCode(error, "KINGLET_ERR_KINGLET_HEAP_TRUNCATED") ||
    hasCode(error, "KINGLET_ERR_KINGLET_HEAP_MODULES")
  );
}

/** One line; the message already holds what the cause says. */
function explain(error: unknown, signal: AbortSignal): string {
  if (hasHeapCode(error)) return `${error.code} ${error.message}. ${error.remedy}`;
  return signal.aborted ? "interrupted before the comparison was complete" : describeError(error);
}
