import { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { RuntimeEvent } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openAuditLogSource, type AuditLogSourceOptions } from "../src/linux-audit/open-audit-log-source.ts";
import type { ProcessReader, ProcessState } from "../src/linux-audit/process-reader.ts";
import type { RuntimeEventSource } from "../src/runtime-event-source.ts";

const folder = join(import.meta.dirname, "../fixtures/linux-audit");

/** Lines of a recording, e.g. `calls-raw.log.gz`, one byte per character. */
export function recordedAuditLines(name: string): readonly string[] {
  const bytes = readFileSync(join(folder, name));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1").trimEnd().split("\n");
}

/** Writes a value as the kernel does: the oracle of the decoder. */
export function encodeAuditValue(bytes: Buffer): string {
  const isPlain = bytes.every((byte) => byte !== 0x22 && byte >= 0x21 && byte <= 0x7e);
  return isPlain ? `"${bytes.toString("latin1")}"` : bytes.toString("hex").toUpperCase();
}

/** What an execution looks like. */
export interface AuditExec {
  readonly serial: number;
  readonly timeMs?: number;
  readonly pid?: number;
  readonly ppid?: number;
  readonly argv?: readonly string[];
  /** As given; also `exe` unless that is given. */
  readonly file?: string;
  readonly exe?: string;
  readonly cwd?: string;
  readonly isSuccessful?: boolean;
  /** Without it nothing says that the event is whole. */
  readonly hasTitle?: boolean;
}

/** The records of an execution in the raw format. */
export function execRecords(exec: AuditExec): string[] {
  const { serial, timeMs = 1_767_225_600_000, pid = 100, ppid = 1, argv = ["ls", "-l"], file = "/bin/ls" } = exec;
  const stamp = `msg=audit(${(timeMs / 1000).toFixed(3)}:${serial}):`;
  const value = (text: string): string => encodeAuditValue(Buffer.from(text));
  const result = exec.isSuccessful === false ? "success=no exit=-2" : "success=yes exit=0";
  const ids = `ppid=${ppid} pid=${pid} auid=4294967295 uid=1000 gid=0`;
  const records = [
    `type=SYSCALL ${stamp} arch=c000003e syscall=59 ${result} a0=1 a1=2 a2=3 a3=4 items=1 ${ids} comm="x" exe=${value(exec.exe ?? file)} key="kinglet-exec"`,
    `type=EXECVE ${stamp} argc=${argv.length}${argv.map((text, at) => ` a${at}=${value(text)}`).join("")}`,
    `type=CWD ${stamp} cwd=${value(exec.cwd ?? "/")}`,
    `type=PATH ${stamp} item=0 name=${value(file)} inode=1 dev=fe:00 nametype=NORMAL`,
  ];
  if (exec.hasTitle !== false) records.push(`type=PROCTITLE ${stamp} proctitle="x"`);
  return records;
}

/** Processes as a test wants them. */
export class FakeProcesses implements ProcessReader {
  readonly states: Map<number, ProcessState> = new Map();
  readonly binaries: Map<number, string> = new Map();
  readonly descriptors: Map<string, string> = new Map();
  reads = 0;

  /** A process that runs in this container; empty: on the host. */
  add(
    pid: number,
    containerId = "",
    options: { readonly startedAtMs?: number; readonly parentPid?: number } = {},
  ): void {
    const cgroup = containerId === "" ? "0::/system.slice/x.service\n" : `0::/kubepods/pod1/${containerId}\n`;
    this.states.set(pid, { cgroup, startedAtMs: options.startedAtMs ?? 0, parentPid: options.parentPid ?? 1 });
  }

  read(pid: number): ProcessState | undefined {
    this.reads += 1;
    return this.states.get(pid);
  }

  binaryOf(pid: number): string {
    return this.binaries.get(pid) ?? "";
  }

  descriptorTarget(pid: number, descriptor: number): string {
    return this.descriptors.get(`${pid}:${descriptor}`) ?? "";
  }

  pids(): readonly number[] {
    return [...this.states.keys()];
  }
}

/** A folder in which a test plays auditd. */
export class AuditFolder implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "kinglet-audit-"));
  readonly path: string = join(this.folder, "audit.log");
  readonly checkpointPath: string = join(this.folder, "checkpoint.json");

  write(...lines: readonly string[]): void {
    appendFileSync(this.path, lines.map((line) => `${line}\n`).join(""), "latin1");
  }

  /** As auditd: every file gets the next number, the oldest goes. */
  rotate(keep = 4): void {
    for (let number = keep - 1; number >= 1; number--) {
      if (existsSync(`${this.path}.${number}`)) renameSync(`${this.path}.${number}`, `${this.path}.${number + 1}`);
    }
    rmSync(`${this.path}.${keep}`, { force: true });
    renameSync(this.path, `${this.path}.1`);
  }

  get size(): number {
    return statSync(this.path).size;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A source that runs and remembers what it delivered. */
export class AuditRun {
  readonly source: RuntimeEventSource;
  readonly clock: ManualClock;
  readonly events: RuntimeEvent[] = [];
  readonly finished: Promise<void>;
  readonly #controller: AbortController = new AbortController();

  constructor(
    source: RuntimeEventSource,
    clock: ManualClock,
    deliver: (event: RuntimeEvent) => void | Promise<void> = (event) => source.acknowledge(event.sequence),
  ) {
    this.source = source;
    this.clock = clock;
    this.finished = source.run({
      signal: this.#controller.signal,
      deliver: (event) => {
        this.events.push(event);
        return deliver(event);
      },
    });
    this.finished.catch(() => {});
  }

  get pids(): number[] {
    return this.events.map((event) => event.pid);
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    for (let turn = 0; !isSo(); turn++) {
      if (turn > 5000) throw new Error(`never: ${what}; ${JSON.stringify(this.source.health())}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      // A machine that has no watch left to give is polled, by this clock; well below the slow poll, which would hide a watch that misses something.
      if (turn >= 500 && turn % 100 === 0) await this.clock.advance(1000);
    }
  }

  untilDelivered(count: number): Promise<void> {
    return this.until(`${count} events`, () => this.events.length >= count);
  }

  /** Ends it as `kill -9` does: nothing is written on the way out. */
  async kill(): Promise<void> {
    this.#controller.abort();
    await this.finished;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.source[Symbol.asyncDispose]();
  }
}

/** Opens a source of a log and runs it. */
export async function startAuditLog(
  options: Partial<AuditLogSourceOptions> & { readonly path: string },
  deliver?: (event: RuntimeEvent, source: RuntimeEventSource) => void | Promise<void>,
): Promise<AuditRun> {
  const clock = new ManualClock();
  const source = await openAuditLogSource({
    startAt: "checkpoint-or-beginning",
    clock,
    logger: noopLogger,
    metrics: noopMetrics,
    processes: new FakeProcesses(),
    ...options,
  });
  return new AuditRun(source, clock, deliver === undefined ? undefined : (event) => deliver(event, source));
}
