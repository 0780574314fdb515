import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { openTetragonFileSource, type RuntimeEventSource, type TetragonFileSource } from "@kinglet/runtime-events";
import { loadMoreSources } from "../lazy.ts";
import type { PartsContext } from "../parts-context.ts";
import type { AnsweringSource } from "./when-connected.ts";

/** A source of events; one that keeps its place can be told to keep it now. @internal */
export type EventSource = RuntimeEventSource & { checkpoint?(): Promise<void> };

/** @internal */
export interface OpenedSource {
  readonly source: EventSource;
  /** True when it goes on where the process before this one ended. */
  readonly isContinued: boolean;
  /** What must have answered once before the sensor is ready; absent: there is nothing to wait for. */
  readonly awaited?: readonly AnsweringSource[];
}

/**
 * Opens what the settings name.
 *
 * @throws coded errors for inputs that cannot be used.
 *
 * @internal
 */
export async function openEventSource(base: PartsContext, stack: AsyncDisposableStack): Promise<OpenedSource> {
  const { eventSources, tetragonMetrics } = base.config;
  const isFileOnly = eventSources.length === 1 && eventSources[0] === "tetragon-file" && tetragonMetrics === undefined;
  if (isFileOnly) return openFileSource(base, stack);
  const { openMoreSources } = await loadMoreSources();
  return openMoreSources(base, { openFileSource: () => openFileSource(base, stack) }, stack);
}

async function openFileSource(
  base: PartsContext,
  stack: AsyncDisposableStack,
): Promise<OpenedSource & { readonly source: TetragonFileSource }> {
  const { config, context, logging, metrics } = base;
  const checkpointPath = join(config.stateDir, "tetragon-checkpoint.json");
  const isContinued = existsSync(checkpointPath);
  const source = stack.use(
    await openTetragonFileSource({
      path: config.tetragonFile,
      checkpointPath,
      startAt: config.startAt === "end" ? "checkpoint-or-end" : "checkpoint-or-beginning",
      nodeName: config.nodeName ?? "",
      clock: context.clock,
      logger: logging.logger("runtime-events"),
      metrics,
    }),
  );
  if (existsSync(dirname(config.tetragonFile))) return { source, isContinued };
  const { eventFolder } = await loadMoreSources();
  return { source, isContinued, awaited: [eventFolder(config.tetragonFile)] };
}
