import type { TrafficDirection } from "./profile-content.ts";
import {
  matchesAddressBlock,
  matchesArguments,
  matchesDomainPattern,
  matchesEndpointPattern,
  matchesPathPattern,
} from "./wildcards.ts";

/** A wildcard entry with the flags or methods recorded for it. @internal */
export interface DetailedPattern {
  readonly pattern: string;
  readonly details: readonly string[];
}

/** An execution whose path or arguments hold wildcards. @internal */
export interface CommandPattern {
  readonly path: string;
  readonly args: readonly string[];
  /** True when no argument is named and any may be given. */
  readonly allowsAnyArguments: boolean;
}

/** Blocks of addresses with their ports. @internal */
export interface AddressPattern {
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly port: number | null; readonly protocol: string }[];
}

/** Wildcards of one direction. @internal */
export interface TrafficPatterns {
  readonly addresses: AddressPattern[];
  readonly domains: string[];
}

/**
 * The entries of a profile that are not plain strings: few, and tried one after the other when no literal fits.
 *
 * @internal
 */
export class ProfilePatterns {
  readonly execs: CommandPattern[] = [];
  readonly opens: DetailedPattern[] = [];
  readonly endpoints: DetailedPattern[] = [];
  readonly ingress: TrafficPatterns = { addresses: [], domains: [] };
  readonly egress: TrafficPatterns = { addresses: [], domains: [] };

  get isEmpty(): boolean {
    return (
      this.execs.length + this.opens.length + this.endpoints.length === 0 &&
      this.ingress.addresses.length + this.ingress.domains.length === 0 &&
      this.egress.addresses.length + this.egress.domains.length === 0
    );
  }

  /** About how much memory the entries keep. */
  get bytes(): number {
    return (
      (this.execs.length + this.opens.length + this.endpoints.length) * 160 +
      (this.ingress.addresses.length + this.egress.addresses.length) * 300 +
      (this.ingress.domains.length + this.egress.domains.length) * 64
    );
  }

  matchesExec(path: string): boolean {
    return this.execs.some((exec) => matchesPathPattern(exec.path, path));
  }

  matchesCommand(path: string, args: readonly string[]): boolean {
    return this.execs.some(
      (exec) => matchesPathPattern(exec.path, path) && (exec.allowsAnyArguments || matchesArguments(exec.args, args)),
    );
  }

  matchesOpen(path: string): boolean {
    return this.opens.some((open) => matchesPathPattern(open.pattern, path));
  }

  matchesOpenWith(path: string, flags: readonly string[]): boolean {
    return this.opens.some(
      (open) => flags.every((flag) => open.details.includes(flag)) && matchesPathPattern(open.pattern, path),
    );
  }

  hasOpenText(prefix: string, suffix: string): boolean {
    return this.opens.some((open) => open.pattern.startsWith(prefix) && open.pattern.endsWith(suffix));
  }

  matchesEndpoint(endpoint: string): boolean {
    return this.endpoints.some((known) => matchesEndpointPattern(known.pattern, endpoint));
  }

  matchesEndpointWith(endpoint: string, method: string): boolean {
    return this.endpoints.some(
      (known) => known.details.includes(method) && matchesEndpointPattern(known.pattern, endpoint),
    );
  }

  hasEndpointText(prefix: string, suffix: string): boolean {
    return this.endpoints.some((known) => known.pattern.startsWith(prefix) && known.pattern.endsWith(suffix));
  }

  someEndpoint(matches: (endpoint: string) => boolean): boolean {
    return this.endpoints.some((known) => matches(known.pattern));
  }

  matchesAddress(direction: TrafficDirection, address: string): boolean {
    return this[direction].addresses.some(({ addresses }) =>
      addresses.some((block) => matchesAddressBlock(block, address)),
    );
  }

  matchesAddressPort(direction: TrafficDirection, address: string, port: number, protocol: string): boolean {
    return this[direction].addresses.some(
      ({ addresses, ports }) =>
        ports.some((known) => known.port === port && known.protocol === protocol) &&
        addresses.some((block) => matchesAddressBlock(block, address)),
    );
  }

  matchesDomain(direction: TrafficDirection, domain: string): boolean {
    return this[direction].domains.some((pattern) => matchesDomainPattern(pattern, domain));
  }
}
