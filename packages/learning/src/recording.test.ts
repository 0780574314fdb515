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
import { AddressMatcher, PathMatcher } from "@kinglet/profile/matching";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Recording, type RecordingOptions } from "./recording.ts";
import { recordingOf, recordingOptions } from "../test/recordings.ts";

const sequence = 1;
const exec = (binary: string, args = "", more = {}): ExecEvent => new ExecEvent({ sequence, binary, args, ...more });
const open = (path: string, ...flags: string[]): OpenEvent => new OpenEvent({ sequence, path, flags });
const connect = (address: string, port = 443, protocol = "TCP"): NetworkEvent =>
  new NetworkEvent({ sequence, address, port, protocol });
const accept = (address: string, port = 80): NetworkEvent =>
  new NetworkEvent({ sequence, direction: "ingress", address, port, protocol: "TCP" });
const dns = (name: string, ...addresses: string[]): DnsEvent => new DnsEvent({ sequence, name, addresses });

describe("Recording", () => {
  describe("executions", () => {
    it("keeps each argument vector of a path, the program's own name first [learning execs]", () => {
      const { execs } = recordingOf([
        exec("/bin/ls", "-la /tmp"),
        exec("/bin/ls", "-la /tmp"),
        exec("/bin/ls"),
        exec("/bin/sh", "", { source: "linux-audit", argv: ["sh", "-c", "echo a b"] }),
        exec("/bin/sh", "", { source: "linux-audit", argv: ["sh", "-c", "echo a b"] }),
      ]).surfaces();
      expect(execs.map(({ path, args }) => [path, args])).toEqual([
        ["/bin/ls", ["/bin/ls", "-la", "/tmp"]],
        ["/bin/ls", ["/bin/ls"]],
        ["/bin/sh", ["sh", "-c", "echo a b"]],
      ]);
    });

    it("allows any arguments where nobody knew them, or they never are the same [learning execs]", () => {
      const argsOf = (...events: ExecEvent[]): unknown =>
        recordingOf(events)
          .surfaces()
          .execs.map(({ args }) => args);
      expect(argsOf(exec("/bin/sh", "x", { isTruncated: true }), exec("/bin/sh", "y"))).toEqual([[]]);
      expect(argsOf(exec("/bin/sh", '-c "a b" "c d"'))).toEqual([[]]);
      expect(argsOf(exec("/bin/sh", "x".repeat(20_000)))).toEqual([[]]);
      const many = Array.from({ length: 10 }, (_, at) => exec("/bin/curl", `url-${at}`));
      expect(argsOf(...many)).toEqual([[]]);
    });

    it("leaves out what has no path", () => {
      expect(recordingOf([exec("")]).size).toBe(0);
    });
  });

  describe("opened files", () => {
    it("unites the flags of a path [learning opens]", () => {
      const { opens } = recordingOf([
        open("/etc/hosts", "O_RDONLY", "O_CLOEXEC"),
        open("/etc/hosts", "O_WRONLY"),
        open("/etc/hosts", "O_RDONLY"),
        open(""),
      ]).surfaces();
      expect(opens).toEqual([{ path: "/etc/hosts", flags: ["O_CLOEXEC", "O_RDONLY", "O_WRONLY"] }]);
    });

    it("takes any process for any other below /proc [learning opens]", () => {
      const recording = recordingOf([open("/proc/17/stat"), open("/proc/self/stat"), open("/proc/17x/stat")]);
      expect(recording.surfaces().opens.map(({ path }) => path)).toEqual([
        "/proc/\u22ef/stat",
        "/proc/self/stat",
        "/proc/17x/stat",
      ]);
      const { version } = recording;
      for (const path of ["/proc/1/stat", "/proc/4194304/stat"])
        expect(recording.record(open(path), false)).toBe("known");
      expect(recording.version).toBe(version);
      expect(recording.record(open("/proc/9/status"), false)).toBe("added");
      expect(recording.record(open("/proc/9"), false)).toBe("added");
      expect(recording.record(open("/proc/8"), false)).toBe("known");
    });

    it("goes through files that never make a pattern about twice, however many they are [learning bounds]", () => {
      let looked = 0;
      const collapseOpens: RecordingOptions["collapseOpens"] = (opens) => {
        looked += opens.length;
        return opens;
      };
      const recording = recordingOf([], { collapseOpens });
      for (let at = 0; at < 20_000; at += 1) recording.record(open(`/a/${at}/b`), false);
      expect(recording.surfaces().opens).toHaveLength(20_000);
      expect(looked).toBeLessThan(60_000);
    });

    it("goes on with patterns where a container opens ever new files, and forgets none [learning bounds]", () => {
      const collapse: RecordingOptions["collapseOpens"] = (opens) => [
        { path: "/tmp/\u22ef", flags: ["O_RDWR"] },
        ...opens.filter(({ path }) => !path.startsWith("/tmp/")),
      ];
      const recording = recordingOf([open("/etc/hosts", "O_RDONLY")], { collapseOpens: collapse });
      for (let at = 0; at < 100_000; at += 1) recording.record(open(`/tmp/${at}`, "O_RDWR"), false);
      expect(recording.surfaces().opens).toHaveLength(2);
      expect(recording.bytes).toBeLessThan(1_000);
      expect(recording.record(open("/tmp/1", "O_RDWR"), false)).toBe("known");
      // Another pattern's flags do not count, nor take these away.
      const wide = new Recording({
        ...recordingOptions,
        collapseOpens: () => [
          { path: "/tmp/\u22ef", flags: ["O_RDWR"] },
          { path: "/var/\u22ef", flags: [] },
        ],
      });
      for (let at = 0; at < 300; at += 1) wide.record(open(`/tmp/${at}`, "O_RDWR"), false);
      expect(wide.record(open("/tmp/new", "O_RDWR"), false)).toBe("known");
      expect(wide.record(open("/var/new", "O_RDWR"), false)).toBe("added");
      // A flag that no pattern has is news.
      expect(recording.record(open("/tmp/1", "O_TRUNC"), false)).toBe("added");
      expect(recording.record(open("/tmp/a/b", "O_RDWR"), false)).toBe("added");
    });
  });

  it("keeps capabilities, system calls and those of the kernel's rarer parts; links have no list [learning sets]", () => {
    const surfaces = recordingOf([
      new CapabilityEvent({ sequence, capability: "NET_RAW" }),
      new CapabilityEvent({ sequence, capability: "NET_RAW" }),
      new SyscallEvent({ sequence, name: "openat" }),
      new KernelCallEvent({ sequence, kind: "unshare", syscallName: "unshare" }),
      new KernelCallEvent({ sequence, kind: "bpf", syscallName: "bpf" }),
      new KernelCallEvent({ sequence, kind: "randomx" }),
      new LinkEvent({ sequence, kind: "symlink", oldPath: "/etc/shadow", newPath: "/tmp/x" }),
    ]).surfaces();
    expect(surfaces).toMatchObject({ capabilities: ["NET_RAW"], syscalls: ["openat", "unshare", "bpf"], opens: [] });
  });

  it("allows a process what a rule fired for, and nobody else [learning policies]", () => {
    const recording = recordingOf([]);
    expect(recording.recordPolicy("R1010", "ln", false)).toBe("added");
    expect(recording.recordPolicy("R1010", "ln", false)).toBe("known");
    recording.recordPolicy("R1010", "busybox", false);
    recording.recordPolicy("R1012", "ln", false);
    expect(recording.recordPolicy("R1012", "cp", true)).toBe("refused");
    expect(recording.surfaces().rulePolicies).toEqual({
      R1010: { processAllowed: ["ln", "busybox"], containerAllowed: false },
      R1012: { processAllowed: ["ln"], containerAllowed: false },
    });
  });

  it("refuses what is new while there is no room, and knows what it knows [learning bounds]", () => {
    const recording = recordingOf([exec("/bin/ls")]);
    expect(recording.record(exec("/bin/ls"), true)).toBe("known");
    expect(recording.record(exec("/bin/new"), true)).toBe("refused");
    expect(recording.size).toBe(1);
  });

  const anyEvent: fc.Arbitrary<ActivityEvent> = fc.oneof(
    fc
      .tuple(fc.constantFrom("/bin/a", "/bin/b", ""), fc.constantFrom("", "x", "x y", '"q q"', "z"))
      .map(([binary, args]) => exec(binary, args)),
    fc
      .tuple(fc.constantFrom("/bin/a", "/bin/c"), fc.array(fc.constantFrom("a", "b c", ""), { maxLength: 3 }))
      .map(([binary, argv]) => exec(binary, "", { source: "linux-audit", argv })),
    fc
      .tuple(
        fc.constantFrom("/etc/a", "/proc/1/x", "/proc/22/x", "/proc/1/y", "/tmp/1", "/tmp/2", "/proc/33"),
        fc.subarray(["O_RDONLY", "O_WRONLY", "O_CREAT"]),
      )
      .map(([path, flags]) => open(path, ...flags)),
    fc
      .tuple(fc.constantFrom("1.1.1.1", "2.2.2.2", "3.3.3.3", "10.0.0.1"), fc.constantFrom(1, 2, -1), fc.boolean())
      .map(([address, port, isOut]) => (isOut ? connect(address, port) : accept(address, port))),
    fc
      .tuple(fc.constantFrom("a.", "b."), fc.subarray(["1.1.1.1", "2.2.2.2"]))
      .map(([name, addresses]) => dns(name, ...addresses)),
    fc.constantFrom("read", "write").map((name) => new SyscallEvent({ sequence, name })),
  );

  it("allows every event that it took, and knows it from then on [learning oracle]", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        // A name that was looked up after a conversation is told at the next one.
        const recording = recordingOf([...events, ...events]);
        const { version } = recording;
        const { execs, opens, egress, ingress, syscalls } = recording.surfaces();
        const paths = new PathMatcher(opens.map(({ path }) => path));
        for (const event of events) {
          if (event.kind === "exec" && event.binary !== "") {
            const argv = JSON.stringify(event.argv ?? []);
            const calls = execs.filter(({ path }) => path === event.binary);
            const isAllowed = calls.some(({ args }) => args.length === 0 || JSON.stringify(args) === argv);
            expect(isAllowed).toBe(true);
          } else if (event.kind === "open") expect(paths.matches(event.path)).toBe(true);
          else if (event.kind === "syscall") expect(syscalls).toContain(event.name);
          else if (event.kind === "dns")
            expect(egress.some(({ dnsNames }) => dnsNames.includes(event.name))).toBe(true);
          else if (event.kind === "network") {
            const peers = event.direction === "egress" ? egress : ingress;
            const all = new AddressMatcher(peers.flatMap(({ ipAddress, ipAddresses }) => [ipAddress, ...ipAddresses]));
            expect(all.matches(event.address)).toBe(true);
            const port = event.port < 0 ? null : event.port;
            expect(peers.some(({ ports }) => ports.some((one) => one.port === port))).toBe(true);
          }
          expect(recording.record(event, false)).toBe("known");
        }
        expect(recording.version).toBe(version);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it("is the same after it was written down and read back, as a whole or piece by piece [learning restore]", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.nat(40), (events, cut) => {
        const recording = recordingOf(events.slice(0, cut));
        const whole = new Recording(recordingOptions);
        const first = recording.takeDelta();
        if (first !== undefined) whole.restore(structuredClone(first));
        for (const event of events.slice(cut)) recording.record(event, false);
        const second = recording.takeDelta();
        if (second !== undefined) whole.restore(structuredClone(second));
        const again = new Recording(recordingOptions);
        again.restore(recording.everything());
        for (const one of [whole, again]) {
          const { ingress, egress, ...lists } = one.surfaces();
          const expected = recording.surfaces();
          expect(sorted(lists)).toEqual(sorted({ ...expected, ingress: undefined, egress: undefined }));
          expect(sorted({ ingress, egress })).toEqual(sorted({ ingress: expected.ingress, egress: expected.egress }));
          expect(one.hasDelta).toBe(false);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("knows again what its patterns cover, and finds those of much that was written down [learning restore]", () => {
    const pattern = { path: "/data/\u22ef/x", flags: ["O_RDONLY"] };
    const collapseOpens: RecordingOptions["collapseOpens"] = (opens) => [
      ...opens.filter(({ path }) => !path.startsWith("/data/")),
      pattern,
    ];
    const files = Array.from({ length: 400 }, (_, at) => open(`/data/${String(at)}/x`, "O_RDONLY"));
    const recording = recordingOf(files, { collapseOpens });
    expect(recording.surfaces().opens).toEqual([pattern]);
    const again = new Recording(recordingOptions);
    again.restore(structuredClone(recording.everything()));
    expect([again.size, again.bytes]).toEqual([recording.size, recording.bytes]);
    const written = new Recording({ ...recordingOptions, collapseOpens });
    for (const { path, flags } of files) written.restore({ opens: [{ path, flags }] });
    expect(written.size).toBeLessThan(200);
    for (const one of [again, written]) {
      const { size } = one;
      expect(one.record(open("/data/new/x", "O_RDONLY"), false)).toBe("known");
      expect(one.size).toBe(size);
    }
  });

  it("knows the addresses of a name again after it was read back [learning restore]", () => {
    const recording = recordingOf([dns("api.example.com.", "1.1.1.1"), connect("1.1.1.1")]);
    const again = new Recording(recordingOptions);
    again.restore(recording.everything());
    expect(again.record(connect("1.1.1.1"), false)).toBe("known");
    expect(again.surfaces().egress).toHaveLength(1);
  });

  it("allocates nothing for an event that it knows [learning allocation]", () => {
    const known: readonly ActivityEvent[] = [
      exec("/bin/ls", "-la"),
      exec("/bin/sh", "", { source: "linux-audit", argv: ["sh", "-c", "x"] }),
      open("/etc/hosts", "O_RDONLY"),
      open("/proc/17/stat", "O_RDONLY"),
      connect("10.1.2.3"),
      accept("10.1.2.4"),
      dns("api.example.com.", "1.1.1.1"),
      new CapabilityEvent({ sequence, capability: "NET_RAW" }),
      new SyscallEvent({ sequence, name: "openat" }),
    ];
    const recording = recordingOf(known);
    const run = (): void => {
      for (let round = 0; round < 20_000; round += 1) for (const event of known) recording.record(event, false);
    };
    // 180,000 events each; the compiler takes some memory at first, the figure itself always.
    let least = Number.POSITIVE_INFINITY;
    for (let sample = 0; sample < 10; sample += 1) {
      globalThis.gc?.();
      const before = process.memoryUsage().heapUsed;
      run();
      least = Math.min(least, process.memoryUsage().heapUsed - before);
    }
    expect(least).toBeLessThan(100_000);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(sorted(item))).toSorted();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, sorted(member)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
