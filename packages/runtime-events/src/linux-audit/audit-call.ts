import { auditField, auditHexNumber, auditNumber } from "./audit-record.ts";
import type { JoinedEvent } from "./joined-event.ts";
import { syscallNameOf } from "./syscall-names.ts";

/** `openat` and its like, relative to the working directory. */
const atWorkingDirectory = /^f{8,16}9c$|^ffffff9c$/i;

/**
 * The fields of a SYSCALL (or URINGOP) record that all calls share, with an eye on each only when asked.
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

  /** One of the first four arguments; -1 when it is beyond 2^53, as addresses may be. */
  argument(index: 0 | 1 | 2 | 3): number {
    return auditHexNumber(this.event.syscall, `a${index}`);
  }

  /** True when a path that is not absolute counts from the working directory, by the descriptor in this argument. */
  isAtWorkingDirectory(index: 0 | 1 | 2): boolean {
    return atWorkingDirectory.test(auditField(this.event.syscall, `a${index}`));
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
