import type { RuntimeEvent } from "@kinglet/enrichment";

/** A node that runs containers runs something of its own in this time, milliseconds. */
const silenceMs = 600_000;
/** Executions in containers that must have been seen meanwhile. */
const fewest = 100;

/**
 * Notices that nothing of the node's own processes is reported, although containers are busy: Tetragon's export is shipped so.
 *
 * @internal
 */
export class HostSilence {
  #sinceMs = 0;
  #count = 0;
  #isOver = false;

  /** @returns true once, when it has lasted ten minutes. */
  isSilent(event: RuntimeEvent): boolean {
    if (this.#isOver || event.kind !== "exec" || event.isReplay) return false;
    // One is enough to know that they come.
    if (event.containerIdPrefix === "" && event.podUid === "" && !event.isRuntimeStage) this.#isOver = true;
    else if (this.#count++ === 0) this.#sinceMs = event.receivedAtMs;
    const isSilent = !this.#isOver && this.#count >= fewest && event.receivedAtMs - this.#sinceMs >= silenceMs;
    if (isSilent) this.#isOver = true;
    return isSilent;
  }
}
