import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";

/** The kinds of {@link KernelCallEvent}. @public */
export type KernelCallEventKind = "bpf" | "kmod" | "ptrace" | "unshare" | "iouring" | "randomx";

/** The fields that only a {@link KernelCallEvent} has. @public */
export interface KernelCallDetails {
  /** The system call or kernel function, e.g. `finit_module`. */
  readonly syscallName: string;
  /** kmod: the module; empty when absent. */
  readonly module: string;
  /** bpf: the command; ptrace: the request; -1 when absent. */
  readonly command: number;
  /** bpf: size of the attributes, bytes; -1 when absent. */
  readonly attrSize: number;
  /** iouring: the operation; -1 when absent. */
  readonly opcode: number;
  /** ptrace: the binary that is traced; bpf: the program's name; empty when absent. */
  readonly target: string;
  /** unshare and setns: the namespaces, as `CLONE_NEW...` bits; -1 when absent. */
  readonly flagsRaw: number;
}

/** What a new {@link KernelCallEvent} is made of. @public */
export type KernelCallEventInit = EventOriginInit & { readonly kind: KernelCallEventKind } & Partial<KernelCallDetails>;

/**
 * A process used a part of the kernel that few programs need.
 *
 * @public
 */
export class KernelCallEvent extends ObservedEvent implements KernelCallDetails {
  readonly kind: KernelCallEventKind;
  readonly syscallName: string;
  readonly module: string;
  readonly command: number;
  readonly attrSize: number;
  readonly opcode: number;
  readonly target: string;
  readonly flagsRaw: number;

  /** @param init - at least the kind and the sequence; what is left out is "absent" (empty, -1). */
  constructor(init: KernelCallEventInit) {
    super(init);
    this.kind = init.kind;
    this.syscallName = init.syscallName ?? "";
    this.module = init.module ?? "";
    this.command = init.command ?? -1;
    this.attrSize = init.attrSize ?? -1;
    this.opcode = init.opcode ?? -1;
    this.target = init.target ?? "";
    this.flagsRaw = init.flagsRaw ?? -1;
  }
}
