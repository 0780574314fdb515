import type { ActivityEvent, DnsEvent, NetworkEvent } from "@kinglet/enrichment";
import type { ContainerProfileSpec, OpenCall, RulePolicy } from "@kinglet/profile";
import { isWildcardPath } from "@kinglet/profile/matching";
import { isLearnedAddress } from "./is-learned-address.ts";
import { isPattern } from "./is-pattern.ts";
import { ownText } from "./own-text.ts";
import type { PeerLookup } from "./peer-lookup.ts";
import { belowAnyProcess } from "./proc-path.ts";
import { DeltaLog, type ProfileDelta } from "./profile-delta.ts";
import { RecordedExecs } from "./recorded-execs.ts";
import { RecordedOpens } from "./recorded-opens.ts";
import { RecordedPeers } from "./recorded-peers.ts";

/** Addresses whose names are remembered for each profile. */
const MAX_NAMED_ADDRESSES = 1_024;
/** So many new files make the recording look for patterns. */
const COLLAPSE_AFTER = 250;

/** What a recording works with. @internal */
export interface RecordingOptions {
  readonly namespace: string;
  readonly maxArgumentLists: number;
  readonly maxCallers: number;
  /** Undefined: peers are told by name and address only. */
  readonly peers: PeerLookup | undefined;
  /** True when somebody calls {@link Recording.takeDelta}. */
  readonly keepsDelta: boolean;
  /** Fewer, wider entries that allow the same and perhaps more. */
  readonly collapseOpens: (opens: readonly OpenCall[]) => readonly OpenCall[];
}

/** What became of an event; `pattern`: what it would be recorded as allows other things. @internal */
export type RecordResult = "known" | "added" | "refused" | "pattern";

/** What the recorded lists are, without what a learner does not see. @internal */
export type RecordedSurfaces = Pick<
  ContainerProfileSpec,
  "capabilities" | "syscalls" | "execs" | "opens" | "rulePolicies" | "ingress" | "egress"
>;

/**
 * Everything that the containers of one profile did, as sets.
 *
 * Once per event: what is recorded already costs one to three look-ups and no allocation.
 *
 * @internal
 */
export class Recording {
  readonly #capabilities: Set<string> = new Set();
  readonly #syscalls: Set<string> = new Set();
  readonly #policies: Map<string, Set<string>> = new Map();
  readonly #nameByAddress: Map<string, string> = new Map();
  readonly #delta: DeltaLog;
  readonly #execs: RecordedExecs;
  readonly #opens: RecordedOpens;
  readonly #ingress: RecordedPeers;
  readonly #egress: RecordedPeers;
  readonly #collapseOpens: RecordingOptions["collapseOpens"];
  #collapseAt = COLLAPSE_AFTER;
  #version = 0;
  #bytes = 0;

  constructor(options: RecordingOptions) {
    const { namespace, peers } = options;
    this.#collapseOpens = options.collapseOpens;
    this.#delta = new DeltaLog(options.keepsDelta);
    this.#execs = new RecordedExecs(options.maxArgumentLists, this.#delta);
    this.#opens = new RecordedOpens(this.#delta);
    const peerOf = (address: string): ReturnType<PeerLookup["peerOf"]> => peers?.peerOf(address);
    const nameOf = (address: string): string | undefined => this.#nameByAddress.get(address);
    const unnamed = (): undefined => undefined;
    this.#egress = new RecordedPeers(
      { direction: "egress", namespace, maxAddresses: Number.POSITIVE_INFINITY, peerOf, nameOf },
      this.#delta,
    );
    // Callers are not looked up by whom they call: a name says nothing about them.
    this.#ingress = new RecordedPeers(
      { direction: "ingress", namespace, maxAddresses: options.maxCallers, peerOf, nameOf: unnamed },
      this.#delta,
    );
  }

  /** Grows with every addition. */
  get version(): number {
    return this.#version;
  }

  /** About how many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries of all lists. */
  get size(): number {
    return (
      this.#capabilities.size +
      this.#syscalls.size +
      this.#policies.size +
      this.#execs.size +
      this.#opens.size +
      this.#ingress.size +
      this.#egress.size
    );
  }

  /** True when something was added since {@link Recording.takeDelta}. */
  get hasDelta(): boolean {
    return !this.#delta.isEmpty;
  }

  /** @param isFull - true: what is not known already is refused. */
  record(event: ActivityEvent, isFull: boolean): RecordResult {
    if (this.#has(event)) return "known";
    if (isPattern(event)) return "pattern";
    if (isFull) return "refused";
    const count = this.#delta.count;
    return this.#added(this.#add(event), count);
  }

  /** @param isFull - as for {@link Recording.record}. */
  recordPolicy(ruleId: string, processName: string, isFull: boolean): RecordResult {
    if (this.#policies.get(ruleId)?.has(processName) === true) return "known";
    if (isFull) return "refused";
    const count = this.#delta.count;
    return this.#added(this.#addPolicy(ruleId, processName), count);
  }

  /** What was added since the last call; undefined when nothing was. */
  takeDelta(): ProfileDelta | undefined {
    return this.#delta.take();
  }

  /** Adds what an earlier process had recorded. It does not count as an addition of this one's. */
  restore(delta: ProfileDelta): void {
    let bytes = 0;
    for (const name of delta.capabilities ?? []) bytes += addText(this.#capabilities, name);
    for (const name of delta.syscalls ?? []) bytes += addText(this.#syscalls, name);
    for (const exec of delta.execs ?? []) bytes += this.#execs.restore(exec);
    bytes += this.#restoreOpens(delta.opens ?? []);
    for (const [ruleId, processName] of delta.policies ?? []) bytes += this.#addPolicy(ruleId, processName);
    for (const neighbor of delta.ingress ?? []) bytes += this.#ingress.restore(neighbor);
    for (const neighbor of delta.egress ?? []) bytes += this.#egress.restore(neighbor);
    this.#delta.take();
    this.#version += 1;
    this.#bytes += bytes;
  }

  /** Everything. Cost: one pass over all entries. */
  surfaces(): RecordedSurfaces {
    const policies: [string, RulePolicy][] = [];
    for (const [ruleId, names] of this.#policies) {
      policies.push([ruleId, { processAllowed: [...names], containerAllowed: false }]);
    }
    return {
      capabilities: [...this.#capabilities],
      syscalls: [...this.#syscalls],
      execs: this.#execs.list(),
      opens: this.#opens.list(),
      rulePolicies: Object.fromEntries(policies),
      ingress: this.#ingress.list(),
      egress: this.#egress.list(),
    };
  }

  /** Everything, in the form of a delta. */
  everything(): ProfileDelta {
    const { rulePolicies, ...lists } = this.surfaces();
    const policies = Object.entries(rulePolicies).flatMap(([ruleId, { processAllowed }]) =>
      processAllowed.map((name) => [ruleId, name] as const),
    );
    return { ...lists, policies };
  }

  #has(event: ActivityEvent): boolean {
    switch (event.kind) {
      case "exec":
        return event.isRuntimeStage || this.#execs.has(event);
      case "open":
        return this.#opens.has(event);
      case "network":
        return !isLearnedAddress(event.address) || event.isListening || this.#peers(event).has(event);
      case "dns":
        return this.#hasDns(event);
      case "capabilities":
        return event.capability === "" || this.#capabilities.has(event.capability);
      case "syscall":
        return event.name === "" || this.#syscalls.has(event.name);
      case "bpf":
      case "kmod":
      case "ptrace":
      case "unshare":
      case "iouring":
      case "randomx":
        return event.syscallName === "" || this.#syscalls.has(event.syscallName);
      default:
        // Links have no list in a profile: they are allowed by the rules' policies.
        return true;
    }
  }

  #add(event: ActivityEvent): number {
    switch (event.kind) {
      case "exec":
        return this.#execs.add(event);
      case "open":
        return this.#addOpen(this.#opens.add(event));
      case "network":
        return this.#peers(event).add(event);
      case "dns":
        return this.#addDns(event);
      case "capabilities":
        this.#delta.add("capabilities", event.capability);
        return addText(this.#capabilities, event.capability);
      case "syscall":
        this.#delta.add("syscalls", event.name);
        return addText(this.#syscalls, event.name);
      case "bpf":
      case "kmod":
      case "ptrace":
      case "unshare":
      case "iouring":
      case "randomx":
        this.#delta.add("syscalls", event.syscallName);
        return addText(this.#syscalls, event.syscallName);
      default:
        return 0;
    }
  }

  #added(bytes: number, countBefore: number): RecordResult {
    this.#bytes += bytes;
    // Another spelling of something known takes memory and is no news.
    if (this.#delta.count === countBefore) return "known";
    this.#version += 1;
    return "added";
  }

  #restoreOpens(opens: readonly OpenCall[]): number {
    let bytes = 0;
    let hasPattern = false;
    for (const open of opens) {
      bytes += this.#opens.restore(open);
      hasPattern ||= isWildcardPath(belowAnyProcess(open.path));
    }
    if (this.#opens.size >= this.#collapseAt) return this.#addOpen(bytes);
    // What they cover is known again, too.
    if (hasPattern) this.#opens.replace(this.#opens.list());
    return bytes;
  }

  #addOpen(bytes: number): number {
    if (this.#opens.size < this.#collapseAt) return bytes;
    const before = this.#opens.list();
    let freed = 0;
    for (const { path } of before) freed += path.length + 64;
    const kept = this.#opens.replace(this.#collapseOpens(before));
    // In proportion to what no pattern covers: files that never make one must not be gone through again and again.
    this.#collapseAt = this.#opens.size + Math.max(COLLAPSE_AFTER, this.#opens.size >> 1);
    return bytes + kept - freed;
  }

  #peers(event: NetworkEvent): RecordedPeers {
    return event.direction === "egress" ? this.#egress : this.#ingress;
  }

  #hasDns(event: DnsEvent): boolean {
    if (event.name === "") return true;
    for (const address of event.addresses) if (!this.#nameByAddress.has(address)) return false;
    return this.#egress.hasName(event.name);
  }

  #addDns(event: DnsEvent): number {
    const bytes = this.#egress.addName(event.name);
    const name = ownText(event.name);
    for (const address of event.addresses) {
      // The first name stays: addresses that many names share would go back and forth.
      if (this.#nameByAddress.has(address)) continue;
      this.#egress.forgetAddress(address);
      if (this.#nameByAddress.size >= MAX_NAMED_ADDRESSES) this.#forgetOldestName();
      this.#nameByAddress.set(ownText(address), name);
    }
    return bytes;
  }

  #forgetOldestName(): void {
    for (const address of this.#nameByAddress.keys()) {
      this.#nameByAddress.delete(address);
      return;
    }
  }

  #addPolicy(ruleId: string, processName: string): number {
    this.#delta.add("policies", [ruleId, processName]);
    const names = this.#policies.get(ruleId) ?? new Set<string>();
    this.#policies.set(ruleId, names);
    return addText(names, processName);
  }
}

function addText(texts: Set<string>, text: string): number {
  if (texts.has(text)) return 0;
  texts.add(ownText(text));
  return text.length + 48;
}
