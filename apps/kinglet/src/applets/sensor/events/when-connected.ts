import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { sleep, type Clock } from "@kinglet/lifecycle";
import type { SourceHealth } from "@kinglet/runtime-events";

/** The part of a source that is asked. @internal */
export interface AnsweringSource {
  readonly name: string;
  health(): Pick<SourceHealth, "connected" | "reason">;
}

/** How waiting for a source is done. @internal */
export interface WhenConnectedOptions {
  /** Gets the reason while the source does not answer. */
  readonly tell: (reason: string) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The first look comes this soon, later ones at most this far apart, milliseconds. */
const [firstLookMs, farthestLookMs] = [20, 500];

/**
 * Waits until each of the sources has answered once. No timer is left behind then: a source that goes away later is told of by its health and metrics.
 *
 * @throws the signal's reason.
 *
 * @internal
 */
export async function whenConnected(
  sources: readonly AnsweringSource[],
  { tell, signal, clock }: WhenConnectedOptions,
): Promise<void> {
  let missing = sources;
  for (let waitMs = firstLookMs; ; waitMs = Math.min(waitMs * 2, farthestLookMs)) {
    missing = missing.filter((source) => !source.health().connected);
    if (missing.length === 0) return;
    tell(missing.map((source) => `${source.name}: ${source.health().reason}`).join("; "));
    await sleep(waitMs, { signal, clock });
  }
}

/**
 * The folder of the event file, as something that answers once it is there. The file itself may come later: an agent makes it with its first event.
 *
 * @internal
 */
export function eventFolder(path: string): AnsweringSource {
  const folder = dirname(path);
  return {
    name: "tetragon-file",
    health: () => ({
      connected: existsSync(folder),
      reason: `the folder ${folder} of the event file does not exist`,
    }),
  };
}
