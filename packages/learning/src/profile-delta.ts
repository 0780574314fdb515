import type { ExecCall, NetworkNeighbor, OpenCall } from "@kinglet/profile";

/** News of a profile, as they are written to the queue directory. @internal */
export interface ProfileDelta {
  readonly capabilities?: readonly string[];
  readonly syscalls?: readonly string[];
  readonly execs?: readonly ExecCall[];
  readonly opens?: readonly OpenCall[];
  readonly policies?: readonly (readonly [ruleId: string, processName: string])[];
  readonly ingress?: readonly NetworkNeighbor[];
  readonly egress?: readonly NetworkNeighbor[];
}

/** Collects what was recorded since it was last taken. @internal */
export class DeltaLog {
  #lists: Partial<Record<keyof ProfileDelta, unknown[]>> | undefined;

  readonly #isKept: boolean;
  #count = 0;

  /** @param isKept - false: additions are counted and nothing more, since nobody takes them. */
  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  get isEmpty(): boolean {
    return this.#lists === undefined;
  }

  /** Additions so far, taken ones included. */
  get count(): number {
    return this.#count;
  }

  add<Surface extends keyof ProfileDelta>(surface: Surface, entry: NonNullable<ProfileDelta[Surface]>[number]): void {
    this.#count += 1;
    if (!this.#isKept) return;
    this.#lists ??= {};
    const list: unknown[] = (this.#lists[surface] ??= []);
    list.push(entry);
  }

  /** What was added, once. */
  take(): ProfileDelta | undefined {
    const lists = this.#lists;
    this.#lists = undefined;
    return lists as ProfileDelta | undefined;
  }
}

/** So many entries make one line of the queue directory. */
const PART_ENTRIES = 256;

/** The same news in pieces, so that nobody holds all of them as text at once. @internal */
export function* partsOf(delta: ProfileDelta): Generator<ProfileDelta> {
  let part: Partial<Record<keyof ProfileDelta, readonly unknown[]>> = {};
  let room = PART_ENTRIES;
  for (const [surface, list] of Object.entries(delta) as [keyof ProfileDelta, readonly unknown[]][]) {
    for (let at = 0; at < list.length;) {
      const taken = list.slice(at, at + room);
      part[surface] = taken;
      at += taken.length;
      room -= taken.length;
      if (room > 0) continue;
      yield part as ProfileDelta;
      part = {};
      room = PART_ENTRIES;
    }
  }
  if (room < PART_ENTRIES) yield part as ProfileDelta;
}
