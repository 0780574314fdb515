import type { PlayedWorkload } from "./profiles-from-recording.ts";
import type { SensorAlert } from "./run-sensor.ts";

/** One pod of the shop, for people and programs. @internal */
export interface PodRow {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly node: string;
  readonly containerId: string;
  readonly recordedAs: string;
}

/** One profile in use. @internal */
export interface ProfileRow {
  readonly workload: string;
  readonly profile: string;
  /** As the sensor says. */
  readonly state: string;
  readonly permitted: number;
  readonly leftOut: PlayedWorkload["leftOut"];
}

/** What came of it. @internal */
export interface DemoResult {
  readonly eventsWritten: number;
  readonly rotations: number;
  readonly restarts: number;
  readonly executionsSeen: number;
  /** By what became of them, as the sensor counts. */
  readonly executionsByOutcome: Readonly<Record<string, number>>;
  readonly alerts: number;
  readonly alertsExpected: number;
  readonly heapUsedBytes: number;
  /** Undefined where the system does not tell. */
  readonly anonymousBytes: number | undefined;
  readonly startUpMs: number;
  readonly tookMs: number;
}

/** Where the demo tells its story; text for people or one object per line for programs. @internal */
export interface DemoOutput {
  /** What will be created on a real cluster. */
  plan(server: string, origin: string, objects: readonly string[]): void;
  /** Something was started; `details` are for programs. */
  start(what: string, how: string, details?: Readonly<Record<string, unknown>>): void;
  pods(rows: readonly PodRow[]): void;
  profiles(rows: readonly ProfileRow[]): void;
  /** From here on alerts may come. */
  play(events: number, seconds: number, expectedAlerts: number): void;
  alert(alert: SensorAlert): void;
  note(text: string): void;
  result(result: DemoResult): void;
  /** How to look around while the demo stays up. */
  lookAround(lines: readonly string[]): void;
  /** Something is wrong; goes to standard error. */
  problem(text: string): void;
}
