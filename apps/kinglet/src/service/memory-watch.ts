import type { Logger } from "@kinglet/logger";
import type { ClockTimer } from "@kinglet/lifecycle";
import {
  createHeapSnapshots,
  giveBackMemory,
  handleMemorySignals,
  observeGc,
  type MemoryLimit,
} from "@kinglet/memory-limit";
import type { Metrics } from "@kinglet/metrics";
import type { AppletContext } from "../applet-context.ts";

/** By then what follows a start at once is over, too. Milliseconds. */
const settleMs = 800;
/** What the first collection made free to go, the second one collects: 1 MB of an idle applet. Milliseconds. */
const settleAgainMs = 400;

/**
 * What a program knows of its memory.
 *
 * @internal
 */
export interface MemoryWatch {
  /** Undefined without a limit. */
  readonly limitBytes: number | undefined;
  /** Starts to count garbage collections; called when somebody reads the metrics for the first time, since counting costs 0.2 MB. */
  observeGc(): void;
  /** Called when a start or a new configuration is over: a second after the last call, what it left behind is given back to the system. */
  settle(): void;
  heapStatistics(): Readonly<Record<string, number>>;
  /** @returns the path of the file. */
  writeSnapshot(): Promise<string>;
}

/**
 * Answers the memory signals, and what the debug listener asks.
 *
 * @internal
 */
export function openMemoryWatch(
  base: {
    readonly limit: MemoryLimit;
    readonly snapshotDir: string | undefined;
    readonly context: AppletContext;
    readonly logger: Logger;
    readonly metrics: Metrics;
  },
  stack: AsyncDisposableStack,
): MemoryWatch {
  const { limit, snapshotDir, context, logger, metrics } = base;
  const snapshots = createHeapSnapshots({
    dir: snapshotDir,
    applet: context.name,
    logger,
    limitBytes: limit.bytes,
    clock: context.clock,
  });
  stack.use(handleMemorySignals({ process: context.process, snapshots, logger }));
  let isObserving = false;
  let settling: ClockTimer | undefined;
  stack.defer(() => settling?.cancel());
  return {
    limitBytes: limit.bytes,
    observeGc() {
      if (isObserving) return;
      isObserving = true;
      observeGc({ metrics, logger, clock: context.clock }).then(
        (observer) => (stack.disposed ? observer[Symbol.dispose]() : stack.use(observer)),
        (error: unknown) => logger.warn("garbage collections are not counted", { error }),
      );
    },
    settle() {
      settling?.cancel();
      settling = context.clock.startTimer(() => {
        giveBackMemory();
        settling = context.clock.startTimer(giveBackMemory, settleAgainMs);
        settling.unref();
      }, settleMs);
      settling.unref();
    },
    heapStatistics: () => {
      const { rss, heapTotal, heapUsed, external, arrayBuffers } = context.process.memoryUsage();
      return { rss, heapTotal, heapUsed, external, arrayBuffers };
    },
    writeSnapshot: async () => (await snapshots.write()).path,
  };
}
