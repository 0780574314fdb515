import { Acknowledgements } from "../acknowledgements.ts";
import type { ConfirmedAlert, FilePosition } from "../checkpoint.ts";
import type { FileIdentity } from "../export-file.ts";

const maxRemembered = 1024;

/**
 * Knows from where a restart has to read again although the records of an event lie apart: an event is open from its first record on.
 *
 * Inside, events are numbered by their first records, because that is the order of the file; outside, in the order of delivery.
 *
 * @internal
 */
export class EventBooks {
  readonly #acknowledgements: Acknowledgements = new Acknowledgements();
  /** Delivered and not acknowledged: sequence to the number of the first record. */
  readonly #delivered: Map<number, number> = new Map();
  /** The last ones that were acknowledged; an alert may be confirmed after that. */
  readonly #done: Map<number, number> = new Map();
  #id = 0;
  #sequence = 0;

  /** Events that were delivered and not acknowledged. */
  get openCount(): number {
    return this.#delivered.size;
  }

  /** See {@link Acknowledgements.untilRoom}. */
  untilRoom(): Promise<void> | undefined {
    return this.#acknowledgements.untilRoom();
  }

  /** The sequence of the next event that is delivered. */
  get nextSequence(): number {
    return this.#sequence + 1;
  }

  restore(confirmed: readonly ConfirmedAlert[]): void {
    this.#acknowledgements.restore(confirmed);
  }

  startFile(file: { readonly identity: FileIdentity }): void {
    this.#acknowledgements.startFile(file, this.#id + 1);
  }

  /** The first record of an event was read. @returns the event's number. */
  started(offset: number): number {
    this.#id += 1;
    this.#acknowledgements.delivered(this.#id, offset);
    return this.#id;
  }

  /** The event becomes {@link nextSequence}. */
  delivered(id: number): void {
    this.#sequence += 1;
    this.#delivered.set(this.#sequence, id);
  }

  /** The event is of no use to anybody. */
  leftOut(id: number): void {
    this.#acknowledgements.acknowledge(id);
  }

  /** @returns true when the event was open. */
  acknowledge(sequence: number): boolean {
    const id = this.#delivered.get(sequence);
    if (id === undefined) return false;
    this.#delivered.delete(sequence);
    this.#done.set(sequence, id);
    if (this.#done.size > maxRemembered) {
      for (const oldest of this.#done.keys()) {
        this.#done.delete(oldest);
        break;
      }
    }
    return this.#acknowledgements.acknowledge(id);
  }

  confirm(sequence: number, uniqueId: string): void {
    const id = this.#delivered.get(sequence) ?? this.#done.get(sequence);
    if (id !== undefined) this.#acknowledgements.confirm(id, uniqueId);
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#acknowledgements.wasConfirmed(uniqueId);
  }

  caughtUp(): void {
    this.#acknowledgements.caughtUp(this.#id);
  }

  mark(readOffset: number): { position: FilePosition | undefined; confirmed: ConfirmedAlert[] } {
    return this.#acknowledgements.mark(readOffset);
  }
}
