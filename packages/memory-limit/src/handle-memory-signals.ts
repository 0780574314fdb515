import type { Logger } from "@kinglet/logger";
import type { HeapSnapshots } from "./heap-snapshots.ts";

/** The part of `process` that signals come from. @public */
export interface SignalSource {
  on(signal: "SIGUSR1" | "SIGUSR2", listener: () => void): unknown;
  off(signal: "SIGUSR1" | "SIGUSR2", listener: () => void): unknown;
}

/**
 * `SIGUSR2` writes a heap snapshot, or logs why not. `SIGUSR1` does nothing: without a handler Node opens the inspector, which
 * gives whoever reaches it the whole process. The executable and {@link planHeapFlags} also pass `--disable-sigusr1`, which
 * covers the moment before this call.
 *
 * @returns removes the handlers when disposed.
 *
 * @public
 */
export function handleMemorySignals(options: {
  readonly process: SignalSource;
  readonly snapshots: HeapSnapshots;
  readonly logger: Logger;
}): Disposable {
  const { process: source, snapshots, logger } = options;
  const onUsr1 = (): void => logger.warn("SIGUSR1 is ignored: the inspector stays closed");
  const onUsr2 = (): void => {
    snapshots.write().catch((error: unknown) => logger.error("no heap snapshot", { error }));
  };
  source.on("SIGUSR1", onUsr1);
  source.on("SIGUSR2", onUsr2);
  return {
    [Symbol.dispose]: () => {
      source.off("SIGUSR1", onUsr1);
      source.off("SIGUSR2", onUsr2);
    },
  };
}
