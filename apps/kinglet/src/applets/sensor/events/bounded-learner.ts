import type { Counter, Metrics } from "@kinglet/metrics";
import type { JudgementParts } from "./judgement-parts.ts";
import { sharedPlaces } from "./judgement-metrics.ts";

type LearnerPart = NonNullable<JudgementParts["learner"]>;
type Done = (sequence: number) => void;

/** The first event beyond the bound, what it waits for, and the last position that it stands for. */
interface Place {
  sequence: number;
  readonly awaited: number;
  last: number;
}

/**
 * A learner of which only so many events wait at a time until what was learned is kept: on a disk that is full that may be for ever.
 *
 * Beyond the bound events are done with at once, all but the first of them: its place in the checkpoint stands for all, until everything that
 * was recorded by then is kept. So nothing is lost by a crash, and memory stays bounded.
 *
 * @internal
 */
export class BoundedLearner implements LearnerPart {
  readonly #learner: LearnerPart;
  readonly #maxWaiting: number;
  readonly #shared: Counter;
  #waiting = 0;
  #done: Done = () => {};
  #place: Place | undefined;
  readonly #kept: Done = (sequence) => {
    this.#waiting -= 1;
    this.#done(sequence);
  };
  readonly #placeKept = (): void => {
    const place = this.#place;
    this.#place = undefined;
    if (place === undefined) return;
    if (place.last > place.awaited) this.#standFor(place.last, place.sequence);
    else this.#done(place.sequence);
  };

  constructor(learner: LearnerPart, options: { readonly maxWaiting: number; readonly metrics: Metrics }) {
    this.#learner = learner;
    this.#maxWaiting = options.maxWaiting;
    this.#shared = options.metrics.counter(sharedPlaces);
  }

  record(...args: Parameters<LearnerPart["record"]>): number {
    return this.#learner.record(...args);
  }

  /** @param done - the same function at every call. */
  whenPersisted(position: number, sequence: number, done: Done): void {
    this.#done = done;
    if (this.#place !== undefined) this.#share(this.#place, position, sequence);
    else if (this.#waiting >= this.#maxWaiting) this.#standFor(position, sequence);
    else {
      this.#waiting += 1;
      this.#learner.whenPersisted(position, sequence, this.#kept);
    }
  }

  #share(place: Place, position: number, sequence: number): void {
    this.#shared.add(1);
    if (position > place.last) place.last = position;
    // Events may be judged in another order than they came in: the earliest is the one that stays.
    const isEarlier = sequence < place.sequence;
    const settled = isEarlier ? place.sequence : sequence;
    if (isEarlier) place.sequence = sequence;
    this.#done(settled);
  }

  #standFor(position: number, sequence: number): void {
    this.#place = { sequence, awaited: position, last: position };
    this.#learner.whenPersisted(position, sequence, this.#placeKept);
  }
}
