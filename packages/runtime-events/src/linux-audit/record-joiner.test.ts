import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { execRecords, recordedAuditLines } from "../../test/audit-log-fixture.ts";
import { tryParseAuditRecord } from "./audit-record.ts";
import type { JoinedEvent } from "./joined-event.ts";
import { joinedTypes } from "./joined-event.ts";
import { RecordJoiner, type RecordJoinerOptions } from "./record-joiner.ts";

function open(options: Partial<RecordJoinerOptions> = {}): {
  joiner: RecordJoiner;
  events: JoinedEvent[];
  add: (line: string, nowMs?: number) => void;
} {
  const events: JoinedEvent[] = [];
  let starts = 0;
  const joiner = new RecordJoiner({
    maxEvents: 512,
    maxBytes: 4_194_304,
    maxAgeMs: 2000,
    minIdleMs: 50,
    maxArgumentBytes: 65_536,
    onEvent: (event) => events.push(event),
    onStart: () => ++starts,
    ...options,
  });
  const add = (line: string, nowMs = 0): void => {
    const record = tryParseAuditRecord(line);
    if (record !== undefined && joinedTypes.has(record.type)) joiner.add(record, 0, line.length, nowMs);
  };
  return { joiner, events, add };
}

/** A script that is executed with so many bytes of arguments, in the pieces that the kernel makes of them. */
function longExecRecords(serial: number, total: number): string[] {
  const [syscall = "", , ...rest] = execRecords({ serial, file: "/tmp/evil.sh", exe: "/bin/sh" });
  const stamp = `type=EXECVE msg=audit(1767225600.000:${serial}):`;
  const each = 100_000;
  const count = Math.ceil(total / each);
  const records = [syscall, `${stamp} argc=${count + 2} a0="/bin/sh" a1="/tmp/evil.sh"`];
  for (let index = 2; index < count + 2; index++) {
    for (let done = 0, piece = 0; done < each; piece++) {
      const length = Math.min(each - done, 3700);
      const announced = piece === 0 ? `a${index}_len=${each * 2} ` : "";
      records.push(`${stamp} ${announced}a${index}[${piece}]=${"20".repeat(length)}`);
      done += length;
    }
  }
  return [...records, ...rest];
}

/** What an event says, whatever the order of events. */
function contentOf(events: readonly JoinedEvent[]): unknown[] {
  return events
    .map((event) => ({
      stamp: event.stamp,
      syscall: event.syscall,
      argv: event.arguments?.values(),
      paths: event.paths,
      cwd: event.cwd,
      socketAddress: event.socketAddress,
    }))
    .toSorted((one, other) => (one.stamp < other.stamp ? -1 : 1));
}

describe("RecordJoiner", () => {
  it("gives the same events however the records of several are mixed [linux-audit joining]", () => {
    const groups = Array.from({ length: 6 }, (_, at) =>
      execRecords({
        serial: 10 + at,
        timeMs: 1_767_225_600_000 + at * 3,
        pid: at,
        argv: ["run", `it's ${at}`],
        hasTitle: at % 2 === 0,
      }),
    );
    const inOrder = open();
    for (const line of groups.flat()) inOrder.add(line);
    inOrder.joiner.flush();
    const expected = contentOf(inOrder.events);
    expect(expected).toHaveLength(6);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (choices) => {
        const left = groups.map((group) => group.slice());
        const mixed = open();
        while (left.some((group) => group.length > 0)) {
          const open = left.filter((group) => group.length > 0);
          const [choice = 0] = choices.take(1);
          mixed.add(open[choice % open.length]!.shift()!); // groups in `open` are not empty
        }
        mixed.joiner.flush();
        expect(contentOf(mixed.events)).toEqual(expected);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("gives the same events for a real log, mixed within what a busy node would mix [linux-audit joining]", () => {
    const lines = recordedAuditLines("calls-raw.log.gz");
    const inOrder = open();
    for (const line of lines) inOrder.add(line);
    inOrder.joiner.flush();
    const groups = new Map<string, string[]>();
    for (const line of lines) {
      const stamp = tryParseAuditRecord(line)?.stamp ?? "";
      groups.set(stamp, [...(groups.get(stamp) ?? []), line]);
    }
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (choices) => {
        const waiting = [...groups.values()].map((group) => group.slice());
        const mixed = open();
        const window: string[][] = [];
        while (waiting.length > 0 || window.length > 0) {
          while (window.length < 8 && waiting.length > 0) window.push(waiting.shift()!);
          const [choice = 0] = choices.take(1);
          const at = choice % window.length;
          mixed.add(window[at]!.shift()!);
          if (window[at]!.length === 0) window.splice(at, 1);
        }
        mixed.joiner.flush();
        expect(contentOf(mixed.events)).toEqual(contentOf(inOrder.events));
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it("takes an event as whole at its end mark, at its last record, at a later time, and after silence [linux-audit ends]", () => {
    const { joiner, events, add } = open();
    const untitled = (serial: number, timeMs: number): string[] => execRecords({ serial, timeMs, hasTitle: false });
    for (const line of execRecords({ serial: 1, timeMs: 1000 })) add(line);
    expect(events.map((event) => event.serial)).toEqual([1]);
    for (const line of untitled(2, 1000)) add(line);
    add("type=EOE msg=audit(1.000:2): ");
    expect(events.map((event) => event.serial)).toEqual([1, 2]);
    for (const line of untitled(3, 1000)) add(line);
    for (const line of untitled(4, 2900)) add(line);
    expect(events.map((event) => event.serial)).toEqual([1, 2]);
    for (const line of untitled(5, 3100)) add(line, 50);
    expect(events.map((event) => event.serial)).toEqual([1, 2, 3]);
    joiner.expire(100, 100);
    expect(events.map((event) => event.serial)).toEqual([1, 2, 3, 4]);
    joiner.expire(150, 100);
    expect(joiner.size).toBe(0);
  });

  it("passes over ends of events that are whole already", () => {
    const { joiner, events, add } = open();
    for (const line of execRecords({ serial: 1 })) add(line);
    add("type=EOE msg=audit(1767225600.000:1): ");
    expect([joiner.size, events.length]).toEqual([0, 1]);
  });

  it("holds no more events and no more bytes than it may, and loses none of them [linux-audit bounds]", () => {
    const few = open({ maxEvents: 10 });
    const small = open({ maxBytes: 5000 });
    for (let serial = 1; serial <= 100; serial++) {
      for (const line of execRecords({ serial, hasTitle: false })) {
        few.add(line);
        small.add(line);
      }
      expect(few.joiner.size).toBeLessThanOrEqual(10);
      expect(small.joiner.size).toBeLessThanOrEqual(14);
    }
    few.joiner.flush();
    expect(few.events.map((event) => event.serial)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    small.joiner.flush();
    expect(small.events.map((event) => event.serial).toSorted((a, b) => a - b)).toEqual(
      few.events.map((event) => event.serial),
    );
  });

  it("ends no event for its own arguments or for another one's: what is not kept of them counts for nothing [linux-audit bounds]", () => {
    const { events, add, joiner } = open({ maxBytes: 200_000 });
    const [older = "", ...olderRest] = execRecords({ serial: 1, file: "/tmp/older.sh", exe: "/bin/sh" });
    add(older);
    for (const line of longExecRecords(2, 2_200_000)) add(line);
    for (const line of olderRest) add(line);
    expect(joiner.size).toBe(0);
    expect(events.map((event) => [event.serial, event.paths[0]?.name, event.arguments?.isTruncated])).toEqual([
      [2, "/tmp/evil.sh", true],
      [1, "/tmp/older.sh", false],
    ]);
    expect(events[0]!.keptBytes).toBeLessThan(200_000); // Two of them.
  });

  it("keeps no more arguments than half of all bytes, of whatever events, and everything else of them [linux-audit bounds]", () => {
    const { events, add, joiner } = open({ maxBytes: 400_000 });
    const groups = Array.from({ length: 30 }, (_, at) => longExecRecords(at + 1, 100_000));
    for (let at = 0; groups.some((group) => at < group.length - 1); at++) {
      for (const group of groups) if (at < group.length - 1) add(group[at]!); // Without the last record.
    }
    expect([joiner.size, events.length]).toEqual([30, 0]);
    joiner.flush();
    const kept = events.reduce((sum, event) => sum + event.keptBytes, 0);
    expect(kept).toBeGreaterThan(200_000);
    expect(kept).toBeLessThan(230_000);
    expect(new Set(events.map((event) => event.paths[0]?.name))).toEqual(new Set(["/tmp/evil.sh"]));
  });

  it("takes the event as whole that holds most when there are too many bytes, not one that began before it [linux-audit bounds]", () => {
    const { events, add } = open({ maxBytes: 20_000 });
    for (let serial = 1; serial <= 5; serial++) add(execRecords({ serial })[0]!);
    for (let item = 0; item < 30; item++) {
      add(`type=PATH msg=audit(1767225600.000:6): item=${item} name="/${"x".repeat(1000)}" nametype=NORMAL`);
    }
    expect([...new Set(events.map((event) => event.serial))]).toEqual([6]);
  });

  it("joins the records of an event whatever the clock does in between [linux-audit clock]", () => {
    for (const stepMs of [-5000, 5000, -86_400_000, 86_400_000]) {
      const { events, add } = open();
      const before = execRecords({ serial: 1, timeMs: 1_767_225_600_000, file: "/bin/a" });
      const after = execRecords({ serial: 2, timeMs: 1_767_225_600_000 + stepMs, file: "/tmp/b" });
      for (let at = 0; at < before.length; at++) {
        add(before[at]!, at);
        add(after[at]!, at);
      }
      expect(events.map((event) => [event.serial, event.paths.length, event.cwd])).toEqual([
        [1, 1, "/"],
        [2, 1, "/"],
      ]);
    }
  });
});
