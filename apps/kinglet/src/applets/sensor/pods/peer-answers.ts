import type { ClusterPeer } from "@kinglet/learning";
import type { Clock } from "@kinglet/lifecycle";

/** Whose an address is: of a pod, a service, a node, or of nobody that the API knows. */
type PeerResult = "pod" | "service" | "node" | "none";

/** What the API says of an address. @internal */
export interface FoundPeer {
  readonly result: PeerResult;
  readonly peer?: ClusterPeer | undefined;
  /** All addresses of the peer; by the first one the API finds it. */
  readonly addresses?: readonly string[];
}

/** What is remembered of an address. @internal */
export interface PeerAnswer {
  readonly result: PeerResult | "error";
  readonly peer: ClusterPeer | undefined;
  /** The peer's first address, where this is another one. */
  readonly via: string | undefined;
  /** Characters of the peer. */
  readonly size: number;
  readonly ageMs: number;
  /** On the monotonic clock: asked again after that. */
  readonly freshUntilMs: number;
}

/** How long an answer counts, milliseconds: addresses of pods are given to others, those of services and nodes hardly ever. */
const agesMs: Readonly<Record<PeerAnswer["result"], number>> = {
  pod: 120_000,
  service: 600_000,
  node: 600_000,
  none: 60_000,
  error: 10_000,
};
/** Of an address that is nobody's each time it is asked about. */
const longestNoneMs = 600_000;
/** Characters of labels for each address that may be remembered, on average. */
const labelsPerAnswer = 512;
/** Characters of labels of one peer. */
const maxLabels = 16_384;

/** True for a peer with so many labels that it is told by its address: whoever may make pods decides how many that are. @internal */
export function isLargePeer(peer: ClusterPeer): boolean {
  return sizeOf(peer) > maxLabels;
}

/**
 * What is known of addresses, also beyond its time: bounded in addresses and in characters of labels, the oldest answer leaves first.
 *
 * @internal
 */
export class PeerAnswers {
  readonly #maxEntries: number;
  readonly #clock: Clock;
  /** Oldest answer first. */
  readonly #answers: Map<string, PeerAnswer> = new Map();
  /** Characters of all peers. */
  #size = 0;

  constructor(options: { readonly maxEntries: number; readonly clock: Clock }) {
    this.#maxEntries = options.maxEntries;
    this.#clock = options.clock;
  }

  get size(): number {
    return this.#answers.size;
  }

  get(address: string): PeerAnswer | undefined {
    return this.#answers.get(address);
  }

  /** True while the answer need not be asked for again. */
  isFresh(address: string): boolean {
    const answer = this.#answers.get(address);
    return answer !== undefined && answer.freshUntilMs > this.#clock.monotonicMs();
  }

  /** The answer counts for all addresses that the peer has. */
  keep(address: string, { result, peer, addresses = [] }: FoundPeer): void {
    const [first = address] = addresses;
    for (const one of new Set([address, ...addresses])) {
      const known = this.#answers.get(one);
      // Found by itself is better than being named by somebody.
      const isOwn = known?.result === result && known.via === undefined && this.isFresh(one);
      if (one === address || !isOwn) this.#set(one, { result, peer, via: one === first ? undefined : first });
    }
  }

  /** There was no answer: the last one counts, for a short time. */
  keepFailure(address: string): void {
    const known = this.#answers.get(address);
    this.#set(address, { result: "error", peer: known?.peer, via: known?.via });
  }

  #set(address: string, answer: Pick<PeerAnswer, "result" | "peer" | "via">): void {
    const { result, via } = answer;
    const before = this.#answers.get(address);
    const ageMs =
      result === "none" && before?.result === "none" ? Math.min(longestNoneMs, before.ageMs * 2) : agesMs[result];
    const freshUntilMs = this.#clock.monotonicMs() + ageMs;
    const isLarge = answer.peer !== undefined && isLargePeer(answer.peer);
    const peer = isLarge ? undefined : sameAs(before?.peer, answer.peer);
    const size = peer === undefined ? 0 : sizeOf(peer);
    this.#remove(address);
    this.#answers.set(address, { result, peer, via, size, ageMs, freshUntilMs });
    this.#size += size;
    const maxSize = Math.max(maxLabels, this.#maxEntries * labelsPerAnswer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#maxEntries && this.#size <= maxSize) break;
      this.#remove(oldest);
    }
  }

  #remove(address: string): void {
    this.#size -= this.#answers.get(address)?.size ?? 0;
    this.#answers.delete(address);
  }
}

function sizeOf({ labels }: ClusterPeer): number {
  let size = 0;
  for (const [key, value] of Object.entries(labels)) size += key.length + value.length;
  return size;
}

/** The one that is known where nothing is different: who holds on to it sees that it is the same. */
function sameAs(known: ClusterPeer | undefined, peer: ClusterPeer | undefined): ClusterPeer | undefined {
  if (known === undefined || peer === undefined) return peer;
  return JSON.stringify(known) === JSON.stringify(peer) ? known : peer;
}
