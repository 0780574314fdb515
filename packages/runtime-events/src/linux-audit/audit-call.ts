import { auditField, auditHexNumber, auditLowHalf, auditNumber } from "./audit-record.ts";
import type { JoinedEvent } from "./joined-event.ts";
import { syscallNameOf } from "./syscall-names.ts";

/** AT_FDCWD: `openat` and its like, relative to the working directory. */
const atWorkingDirectory = -100;
/** Of a machine of 64 bits (`__AUDIT_ARCH_64BIT`). */
const wideArch = /^[89a-f][\da-f]{7}$/i;

/** Which of the first four arguments. @internal */
export type ArgumentIndex = 0 | 1 | 2 | 3;

/**
 * The fields of a SYSCALL (or URINGOP) record that all calls share, with an eye on each only when asked.
 *
 * The record shows arguments as the registers were, while the kernel looks at as much of each as the argument's type has in its prototype: of an `int` at
 * the lower half, and a program may have written anything into the upper one. So each is asked for by its type. Of a call with 32 bits every
 * argument is a lower half.
 *
 * @internal
 */
export class AuditCall {
  readonly event: JoinedEvent;
  /** Empty when it is not known; `io_uring` for a call made through a ring. */
  readonly name: string;
  readonly pid: number;
  readonly parentPid: number;

  constructor(event: JoinedEvent) {
    this.event = event;
    const { syscall } = event;
    const named = event.isUring ? "io_uring" : event.syscallName;
    this.name = named === "" ? syscallNameOf(this.arch, auditNumber(syscall, "syscall")) : named;
    this.pid = auditNumber(syscall, "pid");
    this.parentPid = auditNumber(syscall, "ppid");
  }

  get arch(): string {
    return auditField(this.event.syscall, "arch");
  }

  get isSuccessful(): boolean {
    return auditField(this.event.syscall, "success") === "yes";
  }

  /** What the call returned: a descriptor, or minus the error's number. */
  get exit(): number {
    return auditNumber(this.event.syscall, "exit", Number.NaN);
  }

  /** An `int`, such as a descriptor; -1 when it is missing. */
  int(index: ArgumentIndex): number {
    return this.unsignedInt(index) | 0;
  }

  /** An `unsigned int`, or an `int` of flags; -1 when it is missing. */
  unsignedInt(index: ArgumentIndex): number {
    return auditLowHalf(this.event.syscall, `a${index}`);
  }

  /** A `long`, signed or not; -1 when it is missing or beyond 2^53. */
  long(index: ArgumentIndex): number {
    return wideArch.test(this.arch) ? auditHexNumber(this.event.syscall, `a${index}`) : this.unsignedInt(index);
  }

  /** True when a path that is not absolute counts from the working directory, by the descriptor in this argument. */
  isAtWorkingDirectory(index: ArgumentIndex): boolean {
    return this.int(index) === atWorkingDirectory;
  }

  /** Real user id in the host's user namespace; -1 when absent or never set. */
  get uid(): number {
    const uid = auditNumber(this.event.syscall, "uid");
    return uid === 4_294_967_295 ? -1 : uid;
  }

  field(name: string): string {
    return auditField(this.event.syscall, name);
  }
}
