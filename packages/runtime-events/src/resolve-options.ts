import type { RuntimeEventKind } from "@kinglet/enrichment";
import { assertBetween } from "./assert-option.ts";
import type { TetragonFileSourceOptions } from "./tetragon-file-source.ts";

/** Checked settings with every default filled in. @internal */
export type ResolvedOptions = Omit<Required<TetragonFileSourceOptions>, "checkpointPath" | "kinds"> & {
  readonly checkpointPath: string | undefined;
  readonly kinds: ReadonlySet<RuntimeEventKind> | undefined;
};

/** @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION @internal */
export function resolveOptions(options: TetragonFileSourceOptions): ResolvedOptions {
  const { maxLineBytes = 8_388_608, pollIntervalMs = 1000, checkpointIntervalMs = 2000 } = options;
  assertBetween("maxLineBytes", maxLineBytes, 1024, 67_108_864);
  assertBetween("pollIntervalMs", pollIntervalMs, 10, 3_600_000);
  assertBetween("checkpointIntervalMs", checkpointIntervalMs, 10, 3_600_000);
  return {
    ...options,
    checkpointPath: options.checkpointPath,
    nodeName: options.nodeName ?? "",
    kinds: options.kinds === undefined ? undefined : new Set(options.kinds),
    maxLineBytes,
    pollIntervalMs,
    checkpointIntervalMs,
  };
}
