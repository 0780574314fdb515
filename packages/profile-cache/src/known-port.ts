/** Port and protocol of a neighbour. @internal */
export interface KnownPort {
  /** Null: not recorded. */
  readonly port: number | null;
  readonly protocol: string;
}

/** True when the port is among them; a recorded port without a number is none. Allocates nothing. @internal */
export function hasPort(ports: readonly KnownPort[], port: number, protocol: string): boolean {
  for (let index = 0; index < ports.length; index += 1) {
    const known = ports[index]!; // Below the length.
    if (known.port === port && known.protocol === protocol) return true;
  }
  return false;
}
