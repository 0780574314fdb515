import type { ContainerIdentity, NetworkEvent } from "@kinglet/enrichment";
import type { ClusterPeer, PeerLookup } from "@kinglet/learning";
import type { Clock } from "@kinglet/lifecycle";
import type { Metrics } from "@kinglet/metrics";
import { clusterAddress } from "./cluster-address.ts";
import type { PeerBook } from "./peer-book.ts";
import { peerWaiting } from "./peer-metrics.ts";

/**
 * What a peer gate works with.
 *
 * @internal
 */
export interface PeerGateOptions {
  /** Called with the first conversation with a private address whose holder matters. */
  readonly open: () => Promise<Pick<PeerBook, "peerOf" | "isKnown" | "resolve">>;
  /** True when conversations of the container go into its profile. */
  readonly isLearned: (container: ContainerIdentity) => boolean;
  /** Conversations that may wait. */
  readonly maxHeld: number;
  /** Nothing goes on after it has fired: what waits is read again by the next start. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** One container that scans a network must not hold up the others. */
const maxHeldOfContainer = 64;
/** How long a conversation waits that a rule asked about when the API does not answer, milliseconds. */
const askedHoldMs = 30_000;
/**
 * ... and one that is learned: learning takes what an ended container did for 5 s, and an address that is learned as such is learned anew
 * with the first conversation after it is known whose it is.
 */
const learnedHoldMs = 4_500;

/**
 * Holds conversations back until it is known whose the other address is: those of which a rule asked just that, and those that are learned.
 * Everything else passes at once, and without such a conversation nothing is loaded and nobody is asked.
 *
 * A conversation passes without an answer after 30 s, one that is learned after 4.5 s, and at once when too many wait already: it is then judged
 * and learned by its address.
 *
 * @internal
 */
export class PeerGate implements PeerLookup {
  readonly #options: PeerGateOptions;
  readonly #heldOf: Map<string, number> = new Map();
  #held = 0;
  #book: Awaited<ReturnType<PeerGateOptions["open"]>> | undefined;
  #opening: ReturnType<PeerGateOptions["open"]> | undefined;
  /** Address that somebody asked about last and that is not known. */
  #asked: string | undefined;

  constructor(options: PeerGateOptions) {
    this.#options = options;
    const waiting = options.metrics.gauge(peerWaiting);
    options.metrics.onCollect(() => waiting.set(this.#held));
  }

  /** Takes note of the question when the answer is not known: {@link PeerGate.holds} is asked next. */
  peerOf(address: string): ClusterPeer | undefined {
    const plain = clusterAddress(address);
    if (plain === undefined) return undefined;
    if (this.#book?.isKnown(plain) !== true) this.#asked = address;
    return this.#book?.peerOf(plain);
  }

  /**
   * To be asked when the rules have seen the event and learning has not.
   *
   * @returns true: `again` is called, once, when the event is to be judged anew.
   */
  holds(event: NetworkEvent, container: ContainerIdentity, again: () => void): boolean {
    const { address, isListening } = event;
    const isAsked = this.#asked === address;
    this.#asked = undefined;
    const isLearned = !isListening && this.#options.isLearned(container);
    if (!isAsked && !isLearned) return false;
    const plain = clusterAddress(address);
    if (plain === undefined || this.#book?.isKnown(plain) === true) return false;
    const { containerId } = container;
    const heldOf = this.#heldOf.get(containerId) ?? 0;
    if (this.#held >= this.#options.maxHeld || heldOf >= maxHeldOfContainer) return false;
    this.#heldOf.set(containerId, heldOf + 1);
    this.#held += 1;
    this.#wait(plain, isLearned ? learnedHoldMs : askedHoldMs, () => {
      this.#held -= 1;
      const left = (this.#heldOf.get(containerId) ?? 1) - 1;
      if (left === 0) this.#heldOf.delete(containerId);
      else this.#heldOf.set(containerId, left);
      if (!this.#options.signal.aborted) again();
    });
    return true;
  }

  #wait(address: string, maxHoldMs: number, done: () => void): void {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      patience.cancel();
      done();
    };
    const patience = this.#options.clock.startTimer(end, maxHoldMs);
    patience.unref();
    void this.#open()
      .then((book) => book.resolve(address))
      .then(end, end);
  }

  async #open(): Promise<Awaited<ReturnType<PeerGateOptions["open"]>>> {
    try {
      return (this.#book ??= await (this.#opening ??= this.#options.open()));
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }
}
