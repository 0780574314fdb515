import { writeCheckpoint, type Checkpoint } from "./checkpoint.ts";

/**
 * Writes checkpoints one after another; callers that arrive while one is being written share the next one.
 *
 * @internal
 */
export class CheckpointWriter {
  readonly #path: string;
  readonly #take: () => Checkpoint;
  #queued: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #written = "";

  /** @param take - gives the state to persist; called right before writing. */
  constructor(path: string, take: () => Checkpoint) {
    this.#path = path;
    this.#take = take;
  }

  /**
   * Persists the state as it is now or later; writes nothing when it is what was written last.
   *
   * @throws KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_UNWRITABLE
   */
  write(): Promise<void> {
    this.#queued ??= this.#writeAfter(this.#last);
    return this.#queued;
  }

  async #writeAfter(previous: Promise<void>): Promise<void> {
    await previous;
    const writing = this.#writeNow();
    // Whoever comes next may have state that this one does not have.
    this.#queued = undefined;
    this.#last = writing.catch(() => {
      // Its callers hear of it; the next one tries again.
    });
    await writing;
  }

  async #writeNow(): Promise<void> {
    const checkpoint = this.#take();
    const text = JSON.stringify([checkpoint.position?.inode, checkpoint.position?.offset, checkpoint.confirmed]);
    const state = `${text}${checkpoint.position?.firstLine ?? ""}`;
    if (state === this.#written) return;
    await writeCheckpoint(this.#path, checkpoint);
    this.#written = state;
  }
}
