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
  });
});
