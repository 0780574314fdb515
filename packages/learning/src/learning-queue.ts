import type { Journal } from "./journal.ts";
import type { JournalRecord } from "./journal-record-shape.ts";
import { containerRecord, profileRecord } from "./journal-record.ts";
import type { LearnedContainer, LearnedProfile } from "./learned-container.ts";
import { partsOf, type ProfileDelta } from "./profile-delta.ts";

/**
 * Keeps what was learned in a directory until the profile is final, or nothing is left to say of it.
 *
 * Additions are numbered by position. An addition is persisted when {@link LearningQueue.persistedPosition} has reached its position:
 * then a process that is killed at any moment later finds it again.
 *
 * @internal
 */
export class LearningQueue {
  readonly #journal: Journal | undefined;
  readonly #profiles: ReadonlyMap<string, LearnedProfile>;
  readonly #dirty: Set<LearnedProfile> = new Set();
  readonly #dirtyContainers: Set<LearnedContainer> = new Set();
  /** Keys of profiles that were in the directory and are done with. */
  readonly #ended: Set<string> = new Set();
  #position = 0;
  #persisted = 0;
  #persisting: Promise<void> | undefined;
  #isClosed = false;
  /** Acknowledgements that wait, in order of their positions. */
  readonly #waiting: { readonly position: number; readonly sequence: number; readonly acknowledge: Acknowledge }[] = [];

  /** @param journal - undefined: nothing is persisted, and nobody has to wait. */
  constructor(journal: Journal | undefined, profiles: ReadonlyMap<string, LearnedProfile>) {
    this.#journal = journal;
    this.#profiles = profiles;
  }

  get persistedPosition(): number {
    return this.#persisted;
  }

  /** Bytes in the directory. */
  get bytes(): number {
    return this.#journal?.bytes ?? 0;
  }

  /** Acknowledgements that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** True when the directory lacks something. */
  get isDirty(): boolean {
    if (this.#journal === undefined) return false;
    return this.#dirty.size > 0 || this.#dirtyContainers.size > 0 || this.#ended.size > 0;
  }

  /** @returns the position of this addition; 0 when nobody has to wait for it. */
  added(profile: LearnedProfile): number {
    if (this.#journal === undefined) return 0;
    this.#dirty.add(profile);
    this.#position += 1;
    return this.#position;
  }

  profileChanged(profile: LearnedProfile): void {
    if (this.#journal !== undefined) this.#dirty.add(profile);
  }

  containerChanged(container: LearnedContainer): void {
    if (this.#journal !== undefined && container.profile !== undefined) this.#dirtyContainers.add(container);
  }

  /** The profile left the learner. */
  ended(profile: LearnedProfile): void {
    if (this.#journal === undefined) return;
    this.#dirty.delete(profile);
    for (const container of profile.containers) this.#dirtyContainers.delete(container);
    this.#ended.add(profile.key);
  }

  /** Calls back once the position is persisted, at once when it is. */
  whenPersisted(position: number, sequence: number, acknowledge: Acknowledge): void {
    if (position <= this.#persisted) acknowledge(sequence);
    else this.#waiting.push({ position, sequence, acknowledge });
  }

  /**
   * Writes what the directory lacks. A call while another one runs waits for that one, then writes what came up meanwhile.
   *
   * @throws what the file system throws; then nothing counts as persisted, and the next call writes everything anew.
   */
  async persist(): Promise<void> {
    while (this.#persisting !== undefined) await this.#persisting.catch(() => {});
    if (this.#journal === undefined || this.#isClosed || !this.isDirty) return;
    this.#persisting = this.#write(this.#journal);
    try {
      await this.#persisting;
    } finally {
      this.#persisting = undefined;
    }
  }

  /** Gives the directory back, once a write that is under way has ended. Nothing is written or acknowledged any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // A file that is closed under its own write: the rest of it would go to whatever file gets the number of its descriptor next.
    while (this.#persisting !== undefined) await this.#persisting.catch(() => {});
    await this.#journal?.end();
  }

  async #write(journal: Journal): Promise<void> {
    const position = this.#position;
    const isWhole = journal.needsRewrite;
    const changes = isWhole ? undefined : [...this.#changes()];
    const ended = [...this.#ended];
    const dirty = [...this.#dirty];
    const containers = [...this.#dirtyContainers];
    this.#ended.clear();
    this.#dirty.clear();
    this.#dirtyContainers.clear();
    try {
      if (changes === undefined) await journal.rewrite(this.#everything());
      else await journal.append(changes);
    } catch (error) {
      for (const key of ended) this.#ended.add(key);
      for (const profile of dirty) if (this.#profiles.get(profile.key) === profile) this.#dirty.add(profile);
      for (const container of containers) this.#dirtyContainers.add(container);
      throw error;
    }
    this.#persisted = Math.max(this.#persisted, position);
    const end = this.#waiting.findIndex((one) => one.position > this.#persisted);
    const done = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
    for (const { sequence, acknowledge } of done) acknowledge(sequence);
  }

  *#changes(): Generator<JournalRecord> {
    for (const k of this.#ended) yield { t: "end", k };
    const isWritten = new Set<LearnedProfile>();
    for (const profile of this.#dirty) {
      // One that left while its last report was under way is not to come back.
      if (this.#profiles.get(profile.key) !== profile) continue;
      isWritten.add(profile);
      yield profileRecord(profile);
      const delta = profile.recording.takeDelta();
      if (delta === undefined) continue;
      yield* additions(profile.key, delta);
    }
    for (const container of this.#dirtyContainers) {
      const { profile } = container;
      if (profile === undefined || this.#profiles.get(profile.key) !== profile) continue;
      if (!isWritten.has(profile)) yield profileRecord(profile);
      isWritten.add(profile);
      yield containerRecord(profile.key, container);
    }
  }

  *#everything(): Generator<JournalRecord> {
    for (const profile of this.#profiles.values()) {
      // What comes up while this is written, which takes its time, is appended.
      profile.recording.takeDelta();
      // What the store has, too: what is taken away there before anything final is said is brought there again, by the next learner as well.
      const all = profile.recording.everything();
      yield profileRecord(profile);
      for (const container of profile.containers) yield containerRecord(profile.key, container);
      yield* additions(profile.key, all);
    }
  }
}

function* additions(key: string, delta: ProfileDelta): Generator<JournalRecord> {
  for (const part of partsOf(delta)) yield { t: "add", k: key, n: 1, delta: part };
}

/** Says that an event is done with. @internal */
export type Acknowledge = (sequence: number) => void;
