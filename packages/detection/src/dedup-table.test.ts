import {
  CapabilityEvent,
  DnsEvent,
  ExecEvent,
  KernelCallEvent,
  LinkEvent,
  NetworkEvent,
  OpenEvent,
  SyscallEvent,
  type ActivityEvent,
} from "@kinglet/enrichment";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DedupTable } from "./dedup-table.ts";

const hour = 3_600_000;
const id = (n: number): string => n.toString(16).repeat(31).slice(0, 31);

/** The obvious version: a key as text, an expiry in whole buckets. */
class Oracle {
  readonly #expiries = new Map<string, number>();

  isDuplicate(event: ActivityEvent): boolean {
    const found = keyOf(event);
    if (found === undefined) return false;
    const { containerIdPrefix, podUid, podName, pid, receivedAtMs } = event;
    const key = JSON.stringify([
      event.kind,
      containerIdPrefix,
      containerIdPrefix === "" && [podUid, podName],
      pid,
      found.fields,
    ]);
    const now = Math.floor(receivedAtMs / 64);
    const expiry = this.#expiries.get(key);
    // A clock that goes back lets everything pass that was noted in its future.
    if (expiry !== undefined && expiry > now && expiry - now <= found.life) return true;
    this.#expiries.set(key, now + found.life);
    return false;
  }
}

function keyOf(event: ActivityEvent): { readonly fields: readonly unknown[]; readonly life: number } | undefined {
  switch (event.kind) {
    case "open":
      return { fields: [event.path, event.flagsRaw], life: 156 };
    case "network":
      return { fields: [event.address, event.port, event.protocol, event.direction, event.isListening], life: 78 };
    case "capabilities":
      return { fields: [event.capability, event.syscall], life: 156 };
    case "symlink":
    case "hardlink":
      return { fields: [event.oldPath, event.newPath], life: 156 };
    case "ptrace":
      return { fields: [event.target, event.command], life: 156 };
    case "syscall":
      return { fields: [event.name], life: 78 };
    default:
      return undefined;
  }
}

/** Few values each, so that repetitions are frequent. */
const text = fc.constantFrom("", "a", "b", "ab", "ba", "/etc/passwd", "/etc/passwe", "\ud83d\ude00");
const origin = fc.record({
  sequence: fc.constant(1),
  containerIdPrefix: fc.constantFrom(id(1), id(2), ""),
  podUid: fc.constantFrom("u1", "u2"),
  pid: fc.constantFrom(1, 2, -1),
});
const event: fc.Arbitrary<(receivedAtMs: number) => ActivityEvent> = fc
  .tuple(origin, text, text, fc.nat(9), fc.nat(2))
  .map(([common, one, two, kind, number]) => (receivedAtMs) => {
    const base = { ...common, receivedAtMs };
    switch (kind) {
      case 0:
      case 1:
        return new OpenEvent({ ...base, path: one, flagsRaw: number });
      case 2:
        return new NetworkEvent({ ...base, address: one, port: number, direction: two === "" ? "ingress" : "egress" });
      case 3:
        return new CapabilityEvent({ ...base, capability: one, syscall: two });
      case 4:
        return new LinkEvent({ ...base, kind: "symlink", oldPath: one, newPath: two });
      case 5:
        return new LinkEvent({ ...base, kind: "hardlink", oldPath: one, newPath: two });
      case 6:
        return new SyscallEvent({ ...base, name: one });
      case 7:
        return new KernelCallEvent({ ...base, kind: "ptrace", target: one, command: number });
      case 8:
        return new DnsEvent({ ...base, name: one });
      default:
        return new ExecEvent({ ...base, binary: one });
    }
  });
const step = fc.oneof(
  { weight: 20, arbitrary: fc.nat(3_000) },
  { weight: 3, arbitrary: fc.constantFrom(5_000, 10_000, 60_000) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0.5 * hour, 0.57 * hour, 0.6 * hour, 1.16 * hour, 1.17 * hour, 2 * hour, 30 * hour),
  },
);
const seeded = (): (() => number) => {
  let state = 1;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
};

const run = (
  slotsLog2: number,
  steps: readonly (readonly [(at: number) => ActivityEvent, number])[],
): [boolean[], boolean[]] => {
  const table = new DedupTable({ slotsLog2, random: seeded() });
  const oracle = new Oracle();
  let now = 1_780_000_000_000;
  const answers: [boolean[], boolean[]] = [[], []];
  for (const [make, delay] of steps) {
    now += delay;
    answers[0].push(table.isDuplicate(make(now)));
    answers[1].push(oracle.isDuplicate(make(now)));
  }
  return answers;
};

describe("DedupTable", () => {
  it("answers as the obvious version does, over hours and the wrap of its clock [profile 5.10]", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(event, step), { minLength: 1, maxLength: 200 }), (steps) => {
        const [got, expected] = run(20, steps);
        expect(got).toEqual(expected);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("lets repetitions pass under pressure and never swallows an event that is new", () => {
    const table = new DedupTable({ slotsLog2: 10, random: seeded() });
    let passedAgain = 0;
    for (let round = 0; round < 3; round++) {
      for (let file = 0; file < 5_000; file++) {
        const open = new OpenEvent({
          sequence: 1,
          containerIdPrefix: id(1),
          pid: 1,
          path: `/f/${file}`,
          receivedAtMs: 1000,
        });
        const isDuplicate = table.isDuplicate(open);
        if (round === 0) expect(isDuplicate).toBe(false);
        else if (!isDuplicate) passedAgain++;
      }
    }
    expect(passedAgain).toBeGreaterThan(0);
    expect(table.bytes).toBe(8192);
  });

  it("never takes one of a million different events for another", () => {
    const table = new DedupTable({ slotsLog2: 16, random: seeded() });
    let duplicates = 0;
    for (let n = 0; n < 1_000_000; n++) {
      const open = new OpenEvent({
        sequence: 1,
        containerIdPrefix: id(n & 7),
        pid: n & 1023,
        path: `/d/${n >> 3}`,
        receivedAtMs: 1000,
      });
      if (table.isDuplicate(open)) duplicates++;
    }
    expect(duplicates).toBe(0);
  });

  it("lets an event pass whose lifetime began in the future of a clock that went back", () => {
    const table = new DedupTable({ random: seeded() });
    const at = (receivedAtMs: number): ActivityEvent => new SyscallEvent({ sequence: 1, name: "bpf", receivedAtMs });
    expect([table.isDuplicate(at(hour)), table.isDuplicate(at(hour + 1)), table.isDuplicate(at(1))]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("tells processes, containers and the pods of events without container apart", () => {
    const table = new DedupTable({ random: seeded() });
    const open = (init: object): boolean =>
      table.isDuplicate(new OpenEvent({ sequence: 1, path: "/etc/hosts", ...init }));
    const different = [
      { containerIdPrefix: id(1) },
      { containerIdPrefix: id(2) },
      { containerIdPrefix: id(1), pid: 7 },
      { podUid: "u1" },
      { podUid: "u", podName: "1" },
    ];
    expect(different.map(open)).toEqual(different.map(() => false));
    expect(different.map(open)).toEqual(different.map(() => true));
  });

  it("makes its table with the first event of a kind that can repeat, as large as told", () => {
    const table = new DedupTable({ slotsLog2: 12 });
    table.isDuplicate(new ExecEvent({ sequence: 1 }));
    table.isDuplicate(new DnsEvent({ sequence: 1 }));
    expect(table.bytes).toBe(0);
    table.isDuplicate(new OpenEvent({ sequence: 1 }));
    expect(table.bytes).toBe(32_768);
  });
});
