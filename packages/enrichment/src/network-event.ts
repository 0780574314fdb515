import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** Which side began a conversation, as seen from the container. @public */
export type NetworkDirection = "egress" | "ingress";

/** The fields that only a {@link NetworkEvent} has. @public */
export interface NetworkDetails {
  /** Who began it: this container (`egress`) or the other side (`ingress`). */
  readonly direction: NetworkDirection;
  /** The other side, IPv4 or IPv6 in canonical text; for a listening socket the address it is bound to; empty when absent. */
  readonly address: string;
  /** The port of the side that serves: the other one's for `egress`, the container's own for `ingress`; -1 when absent. */
  readonly port: number;
  /** In capitals: `TCP`, `UDP`, `SCTP`, `ICMP`, ...; empty when absent. */
  readonly protocol: string;
  /** The port of the side that called; -1 when absent. */
  readonly sourcePort: number;
  /** True when nobody called yet: the process opened its port. */
  readonly isListening: boolean;
}

/** What a new {@link NetworkEvent} is made of. @public */
export type NetworkEventInit = EventOriginInit & Partial<NetworkDetails>;

/**
 * A process connected, sent, accepted or began to listen.
 *
 * @public
 */
export class NetworkEvent extends ObservedEvent implements NetworkDetails {
  readonly kind: "network";
  readonly direction: NetworkDirection;
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
  readonly sourcePort: number;
  readonly isListening: boolean;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1, false). */
  constructor(init: NetworkEventInit) {
    super(init);
    this.kind = "network";
    this.direction = init.direction ?? "egress";
    this.address = init.address ?? "";
    this.port = init.port ?? -1;
    this.protocol = init.protocol ?? "";
    this.sourcePort = init.sourcePort ?? -1;
    this.isListening = init.isListening ?? false;
  }
}
