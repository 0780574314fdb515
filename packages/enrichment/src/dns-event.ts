import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** One for all events without an answer: nothing is allocated for them. */
const noAddresses: readonly string[] = [];

/** The fields that only a {@link DnsEvent} has. @public */
export interface DnsDetails {
  /** Lower case, with the closing dot. */
  readonly name: string;
  /** What the answer held, canonical text; empty when only the question was seen. */
  readonly addresses: readonly string[];
  /** `UDP` or `TCP`. */
  readonly protocol: string;
  /** The name server's; -1 when absent. */
  readonly port: number;
}

/** What a new {@link DnsEvent} is made of. @public */
export type DnsEventInit = EventOriginInit & Partial<DnsDetails>;

/**
 * A process asked for a name.
 *
 * @public
 */
export class DnsEvent extends ObservedEvent implements DnsDetails {
  readonly kind: "dns";
  readonly name: string;
  readonly addresses: readonly string[];
  readonly protocol: string;
  readonly port: number;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1). */
  constructor(init: DnsEventInit) {
    super(init);
    this.kind = "dns";
    this.name = init.name ?? "";
    this.addresses = init.addresses ?? noAddresses;
    this.protocol = init.protocol ?? "UDP";
    this.port = init.port ?? -1;
  }
}
