export { runtimeEventsErrors, type RuntimeEventsErrorCode } from "./errors.ts";
export { openTetragonFileSource } from "./open-tetragon-file-source.ts";
export type { RunSourceOptions, RuntimeEventSource } from "./runtime-event-source.ts";
export type { BlindInterval, SourceHealth, SourcePosition } from "./source-health.ts";
export type { TetragonFileSource, TetragonFileSourceOptions } from "./tetragon-file-source.ts";
