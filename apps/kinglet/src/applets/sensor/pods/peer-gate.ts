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
/**
 * ... nor one with a long command line, which each of its conversations brings along: what is held counts as waiting, and too much of it makes
 * the source wait. A conversation is 1 to 3 KB otherwise.
 */
const maxHeldBytesOfContainer = 196_608;
const maxHeldBytesOfAll = 1_048_576;

interface Held {
  count: number;
  bytes: number;
}
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
 * A conversation passes without an answer after 30 s, one that is learned after 4.5 s, and at once when too many or too large ones wait already
 * (64 and 192 KiB of a container, 1 MiB of all): it is then judged and learned by its address.
 *
 * @internal
 */
export class PeerGate implements PeerLookup {
  readonly #options: PeerGateOptions;
  readonly #heldOf: Map<string, Held> = new Map();
  readonly #held: Held = { count: 0, bytes: 0 };
  #book: Awaited<ReturnType<PeerGateOptions["open"]>> | undefined;
  #opening: ReturnType<PeerGateOptions["open"]> | undefined;
  /** Address that somebody asked about last and that is not known. */
  #asked: string | undefined;

  constructor(options: PeerGateOptions) {
    this.#options = options;
    const waiting = options.metrics.gauge(peerWaiting);
    options.metrics.onCollect(() => waiting.set(this.#held.count));
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
    const { rawBytes } = event;
    const held = this.#held;
    const heldOf = this.#heldOf.get(containerId) ?? { count: 0, bytes: 0 };
    if (held.count >= this.#options.maxHeld || held.bytes + rawBytes > maxHeldBytesOfAll) return false;
    if (heldOf.count >= maxHeldOfContainer || heldOf.bytes + rawBytes > maxHeldBytesOfContainer) return false;
    this.#heldOf.set(containerId, heldOf);
    count(1);
    this.#wait(plain, isLearned ? learnedHoldMs : askedHoldMs, () => {
      count(-1);
      if (heldOf.count === 0) this.#heldOf.delete(containerId);
      if (this.#options.signal.aborted) return;
      again();
      // What its rules asked anew says nothing of the next conversation.
      this.#asked = undefined;
    });
    function count(sign: 1 | -1): void {
      for (const one of [held, heldOf]) {
        one.count += sign;
        one.bytes += sign * rawBytes;
      }
    }
    return true;
  }

  #wait(address: string, maxHoldMs: number, done: () => void): void {
    const over = new AbortController();
    const end = (): void => {
      if (over.signal.aborted) return;
      // An address for which nobody waits is not asked about.
      over.abort();
      patience.cancel();
      done();
    };
    const patience = this.#options.clock.startTimer(end, maxHoldMs);
    patience.unref();
    void this.#open()
      .then((book) => book.resolve(address, { signal: over.signal }))
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
