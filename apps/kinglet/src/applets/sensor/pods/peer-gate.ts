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
/**
 * ... nor many that scan: a container gets no more than this share of the room that is left, a namespace no more than all of it. So there is room
 * left for who comes next, however many hold what they may.
 */
const shareOfRoom = 0.25;

interface Held {
  count: number;
  bytes: number;
}
const nothing: Readonly<Held> = { count: 0, bytes: 0 };
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
 * (64 and 192 KiB of a container, 1 MiB of all; of a container a quarter of the room that is left, of a namespace as much as is left): it is then
 * judged and learned by its address.
 *
 * @internal
 */
export class PeerGate implements PeerLookup {
  readonly #options: PeerGateOptions;
  /** By container and by namespace. */
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
    if (!this.#hasRoom(event, container)) return false;
    const { rawBytes } = event;
    this.#count(container, 1, rawBytes);
    this.#wait(plain, container, isLearned ? learnedHoldMs : askedHoldMs, () => {
      this.#count(container, -1, -rawBytes);
      if (this.#options.signal.aborted) return;
      again();
      // What its rules asked anew says nothing of the next conversation.
      this.#asked = undefined;
    });
    return true;
  }

  #hasRoom({ rawBytes }: NetworkEvent, { namespace, containerId }: ContainerIdentity): boolean {
    const free = { count: this.#options.maxHeld - this.#held.count, bytes: maxHeldBytesOfAll - this.#held.bytes };
    const ofContainer = this.#heldOf.get(containerKey(containerId)) ?? nothing;
    const ofNamespace = this.#heldOf.get(namespaceKey(namespace)) ?? nothing;
    return (
      ofContainer.count < Math.min(maxHeldOfContainer, free.count * shareOfRoom) &&
      ofContainer.bytes + rawBytes <= Math.min(maxHeldBytesOfContainer, free.bytes * shareOfRoom) &&
      ofNamespace.count < free.count &&
      ofNamespace.bytes + rawBytes <= free.bytes
    );
  }

  #count({ namespace, containerId }: ContainerIdentity, count: 1 | -1, bytes: number): void {
    this.#held.count += count;
    this.#held.bytes += bytes;
    for (const key of [containerKey(containerId), namespaceKey(namespace)]) {
      const held = this.#heldOf.get(key) ?? { count: 0, bytes: 0 };
      held.count += count;
      held.bytes += bytes;
      if (held.count === 0) this.#heldOf.delete(key);
      else this.#heldOf.set(key, held);
    }
  }

  #wait(address: string, asker: ContainerIdentity, maxHoldMs: number, done: () => void): void {
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
      .then((book) => book.resolve(address, { asker, signal: over.signal }))
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

function containerKey(containerId: string): string {
  return `container ${containerId}`;
}

function namespaceKey(namespace: string): string {
  return `namespace ${namespace}`;
}
