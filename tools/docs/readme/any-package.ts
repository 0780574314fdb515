/** What examples use without saying where it comes from: the parts that every program has. */
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics, type Metrics } from "@kinglet/metrics";

export const clock: Clock = systemClock;
export const logger: Logger = noopLogger;
export const metrics: Metrics = noopMetrics;
export const env: Readonly<Record<string, string | undefined>> = {};
export const argv: readonly string[] = [];

/** Fires when nothing else is left to do, or after a while: an example that lives until its signal fires comes to an end. */
export const signal: AbortSignal = atTheEnd();

function atTheEnd(): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once("beforeExit", abort);
  setTimeout(abort, 2_000).unref();
  return controller.signal;
}
