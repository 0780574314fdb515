const maxSockets = 8192;
const descriptorRange = 2 ** 20;

/** Kinds of sockets by the low bits of the second argument of `socket`. */
const stream = 1;
const datagram = 2;
const raw = 3;
const sequenced = 5;

/** What was said about a socket before it was used. */
interface Socket {
  protocol: string;
  /** It is bound to it; -1 when not. */
  port: number;
}

/**
 * Remembers what `socket` and `bind` said, because the records of `connect` and `accept` know neither protocol nor own port.
 *
 * Sockets are told apart by process and descriptor; nothing says when one is closed, so the next one with its number replaces it.
 *
 * @internal
 */
export class SocketTable {
  readonly #sockets: Map<number, Socket> = new Map();

  /** A process got a socket of IPv4 or IPv6. */
  opened(pid: number, descriptor: number, type: number, protocol: number): void {
    this.#put(pid, descriptor, { protocol: protocolName(type & 0xf, protocol), port: -1 });
  }

  bound(pid: number, descriptor: number, port: number): void {
    this.#put(pid, descriptor, { protocol: this.protocolOf(pid, -1, descriptor), port });
  }

  /** `TCP`, unless the process or its parent, which it may have it from, was seen to ask for something else. */
  protocolOf(pid: number, parentPid: number, descriptor: number): string {
    return this.#find(pid, parentPid, descriptor)?.protocol ?? "TCP";
  }

  /** The own port; -1 when it is not known. */
  portOf(pid: number, parentPid: number, descriptor: number): number {
    return this.#find(pid, parentPid, descriptor)?.port ?? -1;
  }

  #find(pid: number, parentPid: number, descriptor: number): Socket | undefined {
    return this.#sockets.get(keyOf(pid, descriptor)) ?? this.#sockets.get(keyOf(parentPid, descriptor));
  }

  #put(pid: number, descriptor: number, socket: Socket): void {
    if (pid < 0 || descriptor < 0 || descriptor >= descriptorRange) return;
    // One that is known keeps its place: taking a few keys out and in again and again slows a large map down (Node 26).
    this.#sockets.set(keyOf(pid, descriptor), socket);
    if (this.#sockets.size <= maxSockets) return;
    for (const oldest of this.#sockets.keys()) {
      this.#sockets.delete(oldest);
      return;
    }
  }
}

function keyOf(pid: number, descriptor: number): number {
  return pid * descriptorRange + descriptor;
}

function protocolName(type: number, protocol: number): string {
  if (protocol === 132 || type === sequenced) return "SCTP";
  if (type === stream) return "TCP";
  if (type === datagram) return protocol === 1 || protocol === 58 ? "ICMP" : "UDP";
  return type === raw && (protocol === 1 || protocol === 58) ? "ICMP" : "RAW";
}
