export type { Json } from "./event-codec.ts";
export { ExportFileWriter, type ExportFileOptions } from "./export-file-writer.ts";
export { EventCodec } from "./event-codec.ts";
export { readRecording, recordedExport } from "./recording.ts";
export { spawnTetragonEmulator, type SpawnedEmulator } from "./spawn-emulator.ts";
export { strangeKinds, type StrangeKind } from "./strange-events.ts";
export {
  openTetragonEmulator,
  TetragonEmulator,
  type EmulatorCounts,
  type TetragonEmulatorOptions,
} from "./tetragon-emulator.ts";
