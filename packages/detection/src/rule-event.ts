/** Read many times per event; budget: 0 allocations but the names of processes, which are cut out of paths. */
import type {
  ActivityEvent,
  ActivityEventKind,
  CapabilityEvent,
  ContainerIdentity,
  DnsEvent,
  ExecEvent,
  KernelCallEvent,
  LinkEvent,
  NetworkEvent,
  OpenEvent,
  SyscallEvent,
} from "@kinglet/enrichment";
import type { EventField, PrefilterFacts, RuleEvent } from "@kinglet/policy-engine";

import { commOf } from "./comm-of.ts";
import { extentOfText, type ToldExecution } from "./arguments-text.ts";
import type { ReportedExecution } from "./declared-command.ts";

/** The fields that events of every kind fill: what a rule over all of them can ask for. @internal */
export const commonFields: readonly EventField[] = [
  "comm",
  "containerId",
  "containerName",
  "exepath",
  "namespace",
  "pcomm",
  "pid",
  "podName",
  "ppid",
  "uid",
];

/**
 * The fields of `event` by kind of event: what a source can fill. A value may still be absent in one event, as the user id of a process
 * that ended; then `has()` is false.
 *
 * @public
 */
export const ruleEventFields: Readonly<Record<ActivityEventKind, readonly EventField[]>> = {
  exec: [...commonFields, "args", "cwd", "upperlayer", "pupperlayer", "hasTty", "tty", "ttyMajor", "ttyMinor"],
  open: [...commonFields, "path", "flags", "flagsRaw"],
  network: [...commonFields, "direction", "dstAddr", "dstIp", "dstPort", "pktType", "proto", "srcPort"],
  dns: [...commonFields, "name", "proto", "dstPort"],
  capabilities: [...commonFields, "capName", "syscallName"],
  syscall: [...commonFields, "syscallName"],
  symlink: [...commonFields, "oldPath", "newPath"],
  hardlink: [...commonFields, "oldPath", "newPath"],
  bpf: [...commonFields, "cmd", "attrSize", "syscallName"],
  kmod: [...commonFields, "module", "syscallName"],
  ptrace: [...commonFields, "cmd", "syscallName"],
  unshare: [...commonFields, "flagsRaw", "syscallName"],
  iouring: [...commonFields, "opcode", "syscallName"],
  randomx: [...commonFields, "syscallName"],
};

/**
 * An event as rules see it: one object per detector, pointed at each event in turn.
 *
 * One class for all kinds, so that the code that reads a field meets one shape; the kind decides which of the event's own fields a getter
 * reads. Also what the prefilter looks at.
 *
 * @internal
 */
export class ActivityView implements RuleEvent, PrefilterFacts {
  #event: ActivityEvent | undefined;
  #kind: ActivityEventKind = "exec";
  #container: ContainerIdentity | undefined;
  #comm: string | undefined;
  /** The program and its arguments as one text, in the place of a vector that nobody can tell. The same list for every event. */
  readonly #told: [string, string] = ["", ""];
  /**
   * Whether `args` is that list where the vector cannot be told: for texts, and for conditions that only hand it on. For all others arguments that
   * are not known are absent.
   */
  tellsText = false;

  point(event: ActivityEvent, container: ContainerIdentity): void {
    this.#event = event;
    this.#kind = event.kind;
    this.#container = container;
    this.#comm = undefined;
  }

  /** The container of the event at hand. */
  get container(): ContainerIdentity | undefined {
    return this.#container;
  }

  /** The kernel keeps 15 bytes of the file name as the name of the process. Cut once per event. */
  get comm(): string {
    return (this.#comm ??= commOf(this.exepath));
  }
  get pcomm(): string {
    return commOf(this.parentPath);
  }
  get containerId(): string | undefined {
    return this.#container?.containerId;
  }
  get containerName(): string | undefined {
    return this.#container?.containerName;
  }
  get namespace(): string | undefined {
    return this.#container?.namespace;
  }
  get podName(): string | undefined {
    return this.#container?.podName;
  }
  get exepath(): string {
    return this.#event === undefined ? "" : this.#event.binary;
  }
  get parentPath(): string {
    return this.#event === undefined ? "" : this.#event.parentBinary;
  }
  get pid(): number | undefined {
    return known(this.#event?.pid);
  }
  get ppid(): number | undefined {
    return known(this.#event?.parentPid);
  }
  get uid(): number | undefined {
    return known(this.#event?.uid);
  }

  get args(): readonly string[] | undefined {
    if (this.#kind !== "exec") return undefined;
    return (this.#event as ExecEvent).argv ?? (this.tellsText ? this.#textOf(this.#event as ExecEvent) : undefined);
  }
  /** The execution that a list stands for which {@link ActivityView.args} made of arguments that nobody can tell apart. */
  executionOf(args: readonly string[]): ToldExecution | undefined {
    return args === this.#told ? (this.#event as ExecEvent) : undefined;
  }
  /** The execution at hand; undefined for events of other kinds. */
  get execution(): ReportedExecution | undefined {
    return this.#kind === "exec" ? (this.#event as ExecEvent) : undefined;
  }
  get cwd(): string | undefined {
    return this.#kind === "exec" ? (this.#event as ExecEvent).cwd : undefined;
  }
  get upperlayer(): boolean | undefined {
    return this.#kind === "exec" ? (this.#event as ExecEvent).isUpperLayer : undefined;
  }
  /** No source sees where the parent's binary lies. */
  get pupperlayer(): boolean | undefined {
    return undefined;
  }

  /** No source tells of terminals. */
  get hasTty(): boolean | undefined {
    return undefined;
  }
  get tty(): number | undefined {
    return undefined;
  }
  get ttyMajor(): number | undefined {
    return undefined;
  }
  get ttyMinor(): number | undefined {
    return undefined;
  }

  /** Of an execution the path of the binary, as the prefilter has it; rules over executions ask for `exepath`. */
  get path(): string {
    if (this.#kind === "open") return (this.#event as OpenEvent).path;
    return this.#kind === "exec" ? this.exepath : "";
  }
  get flags(): readonly string[] | undefined {
    return this.#kind === "open" ? (this.#event as OpenEvent).flags : undefined;
  }
  get flagsRaw(): number | undefined {
    if (this.#kind === "open") return known((this.#event as OpenEvent).flagsRaw);
    return this.#kind === "unshare" ? known((this.#event as KernelCallEvent).flagsRaw) : undefined;
  }

  get direction(): "" | "inbound" | "outbound" {
    if (this.#kind !== "network") return "";
    return (this.#event as NetworkEvent).direction === "egress" ? "outbound" : "inbound";
  }
  get pktType(): string | undefined {
    if (this.#kind !== "network") return undefined;
    return (this.#event as NetworkEvent).direction === "egress" ? "OUTGOING" : "HOST";
  }
  get dstAddr(): string | undefined {
    return this.#kind === "network" ? (this.#event as NetworkEvent).address : undefined;
  }
  get dstIp(): string | undefined {
    return this.dstAddr;
  }
  get dstPort(): number | undefined {
    if (this.#kind === "network") return known((this.#event as NetworkEvent).port);
    return this.#kind === "dns" ? known((this.#event as DnsEvent).port) : undefined;
  }
  get srcPort(): number | undefined {
    return this.#kind === "network" ? known((this.#event as NetworkEvent).sourcePort) : undefined;
  }
  get proto(): string | undefined {
    if (this.#kind === "network") return (this.#event as NetworkEvent).protocol;
    return this.#kind === "dns" ? (this.#event as DnsEvent).protocol : undefined;
  }
  get name(): string | undefined {
    return this.#kind === "dns" ? (this.#event as DnsEvent).name : undefined;
  }

  get capName(): string | undefined {
    return this.#kind === "capabilities" ? (this.#event as CapabilityEvent).capability : undefined;
  }
  get syscallName(): string | undefined {
    switch (this.#kind) {
      case "syscall":
        return (this.#event as SyscallEvent).name;
      case "capabilities":
        return (this.#event as CapabilityEvent).syscall;
      case "bpf":
      case "kmod":
      case "ptrace":
      case "unshare":
      case "iouring":
      case "randomx":
        return (this.#event as KernelCallEvent).syscallName;
      default:
        return undefined;
    }
  }
  get oldPath(): string | undefined {
    return this.#isLink() ? (this.#event as LinkEvent).oldPath : undefined;
  }
  get newPath(): string | undefined {
    return this.#isLink() ? (this.#event as LinkEvent).newPath : undefined;
  }
  get cmd(): number | undefined {
    return this.#kind === "bpf" || this.#kind === "ptrace"
      ? known((this.#event as KernelCallEvent).command)
      : undefined;
  }
  get attrSize(): number | undefined {
    return this.#kind === "bpf" ? known((this.#event as KernelCallEvent).attrSize) : undefined;
  }
  get opcode(): number | undefined {
    return this.#kind === "iouring" ? known((this.#event as KernelCallEvent).opcode) : undefined;
  }
  get module(): string | undefined {
    return this.#kind === "kmod" ? (this.#event as KernelCallEvent).module : undefined;
  }

  /** What the prefilter compares with `ports`; 0: none. */
  get port(): number {
    return this.#kind === "network" ? Math.max(0, (this.#event as NetworkEvent).port) : 0;
  }
  /** No source reports requests. */
  get method(): string {
    return "";
  }

  #textOf(event: ExecEvent): readonly string[] | undefined {
    if (extentOfText(event) === undefined) return undefined;
    this.#told[0] = event.binary;
    this.#told[1] = event.args;
    return this.#told;
  }

  #isLink(): boolean {
    return this.#kind === "symlink" || this.#kind === "hardlink";
  }
}

/** Sources say -1 for a number that they do not know. */
function known(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value;
}
