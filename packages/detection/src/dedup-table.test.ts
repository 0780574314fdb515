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
  .tuple(origin, text, text, fc.nat(9), fc.constantFrom(0, 1, 2, -1, 65_535, 65_536, 131_071), fc.nat(3))
  .map(([common, one, two, kind, number, which]) => (receivedAtMs) => {
    const base = { ...common, receivedAtMs };
    switch (kind) {
      case 0:
      case 1:
        return new OpenEvent({ ...base, path: one, flagsRaw: number });
      case 2:
        return new NetworkEvent({
          ...base,
          address: one,
          port: number,
          protocol: ["TCP", "UDP", "", "SCTP"][which] ?? "",
          direction: two === "" ? "ingress" : "egress",
          isListening: two === "a",
        });
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

  it("never takes events for one another that differ in a number only, however small the table", () => {
    const table = new DedupTable({ slotsLog2: 10, random: seeded() });
    const base = { sequence: 1, containerIdPrefix: id(1), pid: 1, receivedAtMs: 1000 };
    for (let number = -1; number <= 65_535; number++) {
      const same: readonly ActivityEvent[] = [
        new OpenEvent({ ...base, path: "/x", flagsRaw: number }),
        new OpenEvent({ ...base, path: "/x", flagsRaw: number * 65_536 }),
        new KernelCallEvent({ ...base, kind: "ptrace", target: "/x", command: number }),
        ...[false, true].map((isListening) => new NetworkEvent({ ...base, address: "/x", port: number, isListening })),
        new OpenEvent({ ...base, path: "/x", pid: number + 3 }),
      ];
      // 0 times anything is what the first one is already.
      for (const event of same) {
        if (number === 0 && event.kind === "open" && event === same[1]) continue;
        if (table.isDuplicate(event)) expect(event).toBeUndefined();
      }
    }
  });

  it.each([
    ["path", (n: number) => ({ path: `/proc/${n}/stat` })],
    ["long path", (n: number) => ({ path: `/${"d/".repeat(200)}${n}` })],
    ["flags", (n: number) => ({ flagsRaw: n })],
    ["upper half of the flags", (n: number) => ({ flagsRaw: n << 18 })],
    ["process", (n: number) => ({ pid: n })],
    ["process in steps", (n: number) => ({ pid: n * 4096 })],
    ["container", (n: number) => ({ containerIdPrefix: n.toString(16).padStart(31, "0") })],
  ])("spreads events that differ in their %s over the table", (_, init) => {
    const table = new DedupTable({ slotsLog2: 16, random: seeded() });
    const open = (n: number): boolean =>
      table.isDuplicate(new OpenEvent({ sequence: 1, containerIdPrefix: id(1), pid: 1, path: "/x", ...init(n) }));
    for (let n = 0; n < 4096; n++) expect(open(n)).toBe(false);
    let lost = 0;
    for (let n = 0; n < 4096; n++) if (!open(n)) lost++;
    // About one in 16 shares its slot with another one.
    expect(lost).toBeLessThan(600);
  });

  it("keeps telling apart when texts are made to fall on one place of what is remembered", () => {
    const table = new DedupTable({ slotsLog2: 20, random: seeded() });
    const open = (path: string, containerIdPrefix: string): boolean =>
      table.isDuplicate(new OpenEvent({ sequence: 1, containerIdPrefix, pid: 4, path, receivedAtMs: 1000 }));
    const paths = Array.from({ length: 100 }, (_, n) => `/${String(n).padStart(4, "0")}/${"same".repeat(6)}`);
    const ids = Array.from({ length: 4 }, (_, n) => `${n}${"a".repeat(30)}`);
    for (const isKnown of [false, true, true]) {
      for (const path of paths) for (const container of ids) expect(open(path, container)).toBe(isKnown);
    }
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

  it("tells the pods of events without container apart for every process", () => {
    const table = new DedupTable({ slotsLog2: 20, random: seeded() });
    for (let pid = -2; pid < 4200; pid++) {
      for (const podUid of ["", "u1", "u2"]) {
        const event = new OpenEvent({ sequence: 1, path: "/etc/hosts", pid, podUid, receivedAtMs: 1000 });
        if (table.isDuplicate(event)) expect(event).toBeUndefined();
        // Every other process becomes known with a container, which is no pod's.
        const other = new OpenEvent({ sequence: 1, path: "/x", pid, containerIdPrefix: id(1), receivedAtMs: 1000 });
        if (podUid === "" && pid % 2 === 0 && table.isDuplicate(other)) expect(other).toBeUndefined();
      }
    }
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
