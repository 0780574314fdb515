import type { TetragonEmulator } from "./tetragon-emulator.ts";

/** What can go wrong at a moment; `seconds` is how long the agent is away where that has a meaning. */
export const faults: Readonly<Record<string, (emulator: TetragonEmulator, seconds: number) => unknown>> = {
  unavailable: (emulator) => emulator.failUnavailable(1),
  "go-away": (emulator) => emulator.goAway(0),
  "go-away-error": (emulator) => emulator.goAway(2),
  reset: (emulator) => emulator.resetInsideMessage(),
  silence: (emulator) => emulator.fallSilent(),
  restart: (emulator, seconds) => emulator.restart(seconds * 1000),
};
