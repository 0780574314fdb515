import { auditField, type AuditRecord } from "./audit-record.ts";
import { decodeAuditValue } from "./audit-value.ts";
import { ExecveArguments } from "./execve-arguments.ts";

/** A path that a system call was about. @internal */
export interface AuditPath {
  readonly item: number;
  /** As the process gave it; empty when the kernel did not note it. */
  readonly name: string;
  /** `NORMAL`, `PARENT`, `CREATE`, `DELETE`, `UNKNOWN`. */
  readonly nameType: string;
}

/** More paths than any system call here has. */
const maxPaths = 32;

/**
 * What the records of one event said, as far as it was asked for.
 *
 * @internal
 */
export class JoinedEvent {
  readonly stamp: string;
  readonly timeMs: number;
  readonly serial: number;
  readonly nodeName: string;
  /** Position of the first record in its file. */
  readonly offset: number;
  /** Set by whoever keeps books about it. */
  readonly id: number;
  /** When the last record came in, monotonic milliseconds. */
  lastRecordAtMs: number;
  /** Characters of its records, without what is not kept of them: arguments beyond their bound, paths beyond {@link maxPaths}, marks of its end. */
  keptBytes = 0;
  /** Fields of the SYSCALL record, or of URINGOP, which takes its place for calls made through a ring. */
  syscall = "";
  isUring = false;
  /** Name of the call in the enriched format; empty in the raw one. */
  syscallName = "";
  arguments: ExecveArguments | undefined;
  cwd = "";
  readonly paths: AuditPath[] = [];
  /** Hexadecimal. */
  socketAddress = "";
  /** Fields of OBJ_PID: whom a call like `ptrace` was about. */
  object = "";
  moduleName = "";
  /** Fields of OPENAT2. */
  open = "";
  /** Records with something to say about it that were left out, beyond {@link maxPaths}. */
  left = 0;

  constructor(record: AuditRecord, offset: number, id: number, nowMs: number) {
    this.stamp = record.stamp;
    this.timeMs = record.timeMs;
    this.serial = record.serial;
    this.nodeName = record.nodeName;
    this.offset = offset;
    this.id = id;
    this.lastRecordAtMs = nowMs;
  }

  /**
   * Takes a record of one of the {@link joinedTypes}.
   *
   * @param lineBytes - of the record as a whole.
   * @param room - characters of arguments that may be kept of it.
   * @returns how many are kept, which {@link keptBytes} has with it.
   */
  add(
    record: AuditRecord,
    maxArgumentBytes: number,
    lineBytes: number,
    room: number = Number.POSITIVE_INFINITY,
  ): number {
    const kept = this.#take(record, maxArgumentBytes, lineBytes, room);
    this.keptBytes += kept;
    return kept;
  }

  #take(record: AuditRecord, maxArgumentBytes: number, lineBytes: number, room: number): number {
    const { type, fields } = record;
    switch (type) {
      case "SYSCALL":
      case "URINGOP":
        this.syscall = fields;
        this.isUring = type === "URINGOP";
        this.syscallName = auditField(record.enrichment, this.isUring ? "URING_OP" : "SYSCALL");
        return lineBytes;
      case "EXECVE":
        this.arguments ??= new ExecveArguments(maxArgumentBytes);
        return this.arguments.add(fields, room);
      case "CWD":
        this.cwd = decodeAuditValue(auditField(fields, "cwd"));
        return lineBytes;
      case "PATH":
        return this.#addPath(fields) ? lineBytes : 0;
      case "SOCKADDR":
        this.socketAddress = auditField(fields, "saddr");
        return lineBytes;
      case "OBJ_PID":
        this.object = fields;
        return lineBytes;
      case "KERN_MODULE":
        this.moduleName = decodeAuditValue(auditField(fields, "name"));
        return lineBytes;
      case "OPENAT2":
        this.open = fields;
        return lineBytes;
      default:
        // EOE and PROCTITLE only end it.
        return 0;
    }
  }

  /** @returns false when there are too many. */
  #addPath(fields: string): boolean {
    if (this.paths.length >= maxPaths) {
      this.left += 1;
      return false;
    }
    const item = Number(auditField(fields, "item"));
    const name = decodeAuditValue(auditField(fields, "name"));
    this.paths.push({ item: Number.isInteger(item) ? item : -1, name, nameType: auditField(fields, "nametype") });
    return true;
  }
}

/** The kinds of records that make up an event; all others are passed over. @internal */
export const joinedTypes: ReadonlySet<string> = new Set([
  "SYSCALL",
  "URINGOP",
  "EXECVE",
  "CWD",
  "PATH",
  "SOCKADDR",
  "OBJ_PID",
  "KERN_MODULE",
  "OPENAT2",
  "PROCTITLE",
  "EOE",
  // Kernel 5.16 and later, written by a user space that has no name for them yet.
  "UNKNOWN[1336]",
  "UNKNOWN[1337]",
]);
