import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecEvent, RuntimeEventKind } from "@kinglet/enrichment";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadDecodeActivity } from "./lazy.ts";
import { TetragonDecoder, type DecodeOutcome } from "./tetragon-decoder.ts";

const samples = join(import.meta.dirname, "../fixtures/samples");

function decode(line: unknown, kinds?: readonly RuntimeEventKind[], decoder = decoderOf(kinds)): DecodeOutcome {
  const bytes = Buffer.from(typeof line === "string" ? line : JSON.stringify(line));
  return decoder.decode(bytes, 0, bytes.length, 1, 2);
}

function decoderOf(kinds?: readonly RuntimeEventKind[]): TetragonDecoder {
  return new TetragonDecoder({ nodeName: "here", kinds: kinds === undefined ? undefined : new Set(kinds) });
}

describe("TetragonDecoder", () => {
  it("gives the time of reading to an event whose own is none, and says so; one that is missing stays missing [events time]", () => {
    let wrong = 0;
    const decoder = new TetragonDecoder({ nodeName: "here", kinds: undefined, onWrongTime: () => (wrong += 1) });
    const line = { process_exec: { process: { pid: 1 } } };
    const timeOf = (time: unknown): unknown => (decode({ ...line, time }, undefined, decoder) as ExecEvent).time;
    expect(timeOf("not a time\nat all")).toBe("1970-01-01T00:00:00.002Z");
    expect(wrong).toBe(1);
    expect(timeOf("2026-01-01T00:00:00.123456789Z")).toBe("2026-01-01T00:00:00.123456789Z");
    expect([timeOf(undefined), timeOf(7), wrong]).toEqual(["", "", 1]);
  });

  it("decodes an execution with its pod", () => {
    const event = decode({
      process_exec: {
        process: {
          exec_id: "x",
          pid: 7,
          uid: 0,
          cwd: "/tmp",
          binary: "/bin/sh",
          arguments: '-c "echo 1"',
          flags: "execve clone truncArgs",
          docker: "a".repeat(31),
          parent_exec_id: "p",
          in_init_tree: false,
          pod: {
            namespace: "shop",
            name: "web",
            uid: "u",
            container: { id: `containerd://${"a".repeat(64)}`, name: "app" },
          },
        },
        parent: { pid: 3, binary: "/bin/init", arguments: "--x" },
        new_in_a_later_release: [1],
      },
      time: "2026-01-01T00:00:00.123456789Z",
    });
    expect(event).toEqual(
      expect.objectContaining({
        kind: "exec",
        source: "tetragon",
        sequence: 1,
        nodeName: "here",
        time: "2026-01-01T00:00:00.123456789Z",
        receivedAtMs: 2,
        execId: "x",
        parentExecId: "p",
        pid: 7,
        uid: 0,
        binary: "/bin/sh",
        args: '-c "echo 1"',
        cwd: "/tmp",
        flags: "execve clone truncArgs",
        isReplay: false,
        isRuntimeStage: false,
        inInitTree: false,
        containerIdPrefix: "a".repeat(31),
        podUid: "u",
        podNamespace: "shop",
        podName: "web",
        containerName: "app",
        parentBinary: "/bin/init",
        parentArgs: "--x",
        parentPid: 3,
        isTruncated: true,
      }),
    );
  });

  it("takes secrets out of arguments before anybody sees them [events redaction]", () => {
    const exec = (args: string, flags = ""): DecodeOutcome =>
      decode({
        process_exec: {
          process: { binary: "/bin/mysql", arguments: args, flags },
          parent: { binary: "/bin/sh", arguments: "-c PGPASSWORD=hunter2" },
        },
      });
    expect(exec("--password hunter2 -h db")).toMatchObject({
      args: "--password [redacted] -h db",
      argv: ["/bin/mysql", "--password", "[redacted]", "-h", "db"],
      parentArgs: "-c PGPASSWORD=[redacted]",
    });
    expect((exec('--password "hunter 2" -h') as ExecEvent).argv).toEqual([
      "/bin/mysql",
      "--password",
      "[redacted]",
      "-h",
    ]);
    expect(JSON.stringify(exec('-e "a b" "--password=hunter 2"'))).not.toContain("hunter");
    expect((exec('-e "a b" "--password=hunter 2"') as ExecEvent).argv).toBeUndefined();
    expect((exec("--password hunter2", "truncArgs") as ExecEvent).argv).toBeUndefined();
  });

  it("tells programs without doubled slashes and dots, and never through a parent folder [events paths]", () => {
    const ran = (binary: string): unknown => decode({ process_exec: { process: { binary, arguments: "x" } } });
    expect(ran("/dev//./shm/x")).toMatchObject({ binary: "/dev/shm/x", argv: ["/dev/shm/x", "x"] });
    expect(ran("//proc/self/fd/5")).toMatchObject({ binary: "/proc/self/fd/5" });
    expect(ran("/tmp/x/../../bin/ls")).toMatchObject({ binary: "/tmp/x/../../bin/ls" });
  });

  it("takes everything for absent in a bare process, and an unset user for none", () => {
    const event = decode({ process_exec: { process: { pid: 7, uid: 4294967295, start_time: "t" } } });
    expect(event).toMatchObject({
      pid: 7,
      uid: -1,
      binary: "",
      containerIdPrefix: "",
      inInitTree: undefined,
      time: "",
      parentPid: -1,
    });
  });

  it("decodes an exit, where status 0 is absent", () => {
    const process = { exec_id: "x", pid: 7, binary: "/bin/sh" };
    expect(decode({ process_exit: { process } })).toMatchObject({ kind: "exit", status: 0, signal: "" });
    expect(decode({ process_exit: { process, status: 3, signal: "SIGKILL" } })).toMatchObject({
      status: 3,
      signal: "SIGKILL",
    });
  });

  it("asks for what reads the reports of policies once, and only when somebody wants to know", async () => {
    const load = { count: 0 };
    const of = (kinds?: readonly RuntimeEventKind[]): TetragonDecoder =>
      new TetragonDecoder({
        nodeName: "here",
        kinds: kinds === undefined ? undefined : new Set(kinds),
        loadActivities: () => {
          load.count += 1;
          return loadDecodeActivity();
        },
      });
    const connect = {
      process_kprobe: {
        process: { exec_id: "x", pid: 7, docker: "a".repeat(31) },
        parent: { pid: 3, binary: "/bin/sh" },
        function_name: "tcp_connect",
        args: [{ sock_arg: { protocol: "IPPROTO_TCP", daddr: "10.0.0.2", dport: 443 } }],
      },
    };
    for (const kinds of [["exec"], ["exec", "exit", "kprobe"]] as const) {
      expect(typeof decode(connect, undefined, of(kinds))).toBe(kinds.length === 1 ? "string" : "object");
    }
    expect(load.count).toBe(0);
    for (const kinds of [undefined, ["exec", "network"]] as const) {
      const decoder = of(kinds);
      expect(decode(connect, undefined, decoder)).toBe("unprepared");
      await decoder.prepare();
      await decoder.prepare();
      expect(decode(connect, undefined, decoder)).toMatchObject({
        kind: "network",
        address: "10.0.0.2",
        pid: 7,
        parentPid: 3,
        parentBinary: "/bin/sh",
        containerIdPrefix: "a".repeat(31),
      });
    }
    expect(load.count).toBe(2);
    const opensOnly = of(["open"]);
    await opensOnly.prepare();
    expect(decode(connect, undefined, opensOnly)).toBe("skipped");
    expect(opensOnly.skippedKind).toBe("network");
  });

  it("takes what the runtime does before a container runs for the host's", async () => {
    const decoder = new TetragonDecoder({ nodeName: "", kinds: undefined, loadActivities: loadDecodeActivity });
    await decoder.prepare();
    const body = {
      process: {
        binary: "/dev/fd/6",
        arguments: "init",
        docker: "a".repeat(31),
        ns: { mnt: { inum: 1, is_host: true } },
      },
      parent: { binary: "/usr/bin/runc", pid: 3 },
      function_name: "fd_install",
      args: [{ file_arg: { path: "/etc/passwd" } }],
    };
    expect(decode({ process_kprobe: body }, undefined, decoder)).toMatchObject({ kind: "open", containerIdPrefix: "" });
    const inside = { ...body, process: { ...body.process, ns: { mnt: { inum: 2 } } } };
    expect(decode({ process_kprobe: inside }, undefined, decoder)).toMatchObject({ containerIdPrefix: "a".repeat(31) });
  });

  it("names what the other kinds are about", () => {
    const process = { exec_id: "x", pid: 7 };
    const cases: [unknown, Record<string, unknown>][] = [
      [
        { process_kprobe: { process, function_name: "tcp_connect", policy_name: "net" } },
        { kind: "kprobe", detail: "tcp_connect", policyName: "net", execId: "x" },
      ],
      [{ process_lsm: { process, function_name: "file_open" } }, { kind: "lsm", detail: "file_open" }],
      [
        { process_tracepoint: { process, subsys: "syscalls", event: "sys_enter" } },
        { kind: "tracepoint", detail: "syscalls/sys_enter" },
      ],
      [{ process_loader: { process, path: "/lib/x.so" } }, { kind: "loader", detail: "/lib/x.so" }],
      [{ process_uprobe: { process, path: "/bin/x" } }, { kind: "uprobe", detail: "/bin/x" }],
      [{ process_usdt: { process, path: "/bin/y" } }, { kind: "usdt", detail: "/bin/y" }],
      [
        { process_throttle: { type: "THROTTLE_START", cgroup: "a.scope\0\0" } },
        { kind: "throttle", detail: "THROTTLE_START a.scope" },
      ],
      [{ rate_limit_info: { number_of_dropped_process_events: "1966" } }, { kind: "rateLimit", droppedEvents: 1966 }],
    ];
    for (const [line, expected] of cases) expect(decode(line)).toMatchObject(expected);
  });

  it("skips kinds that nobody consumes and says which, whatever the order of keys", () => {
    const decoder = decoderOf(["exec"]);
    const body = { process: { pid: 1 } };
    for (const line of [
      { process_kprobe: body, time: "t" },
      { time: "t", node_name: "n", process_kprobe: body },
    ]) {
      expect(decode(line, undefined, decoder)).toBe("skipped");
      expect(decoder.skippedKind).toBe("kprobe");
    }
    expect(decode({ time: "t", process_exec: { process: { exec_id: "x" } } }, undefined, decoder)).toMatchObject({
      execId: "x",
    });
    expect(decode('{"process_kprobe":{"process":{"pid":1', undefined, decoder)).toBe("malformed");
    expect(decode({ rate_limit_info: {} }, undefined, decoder)).toMatchObject({ kind: "rateLimit", droppedEvents: 0 });
  });

  it("looks into a cut line of a skipped kind when an execution is glued to it", () => {
    const line = Buffer.from('{"process_kprobe":{"process":{"pi{"process_exec":{"process":{"exec_id":"x"}}}');
    const decoder = decoderOf(["exec"]);
    expect(decoder.decode(line, 0, line.length, 1, 2)).toBe("malformed");
    const second = decoder.findSecondStart(line, 0, line.length);
    expect(decoder.decode(line, second, line.length, 1, 2)).toMatchObject({ execId: "x" });
    const first = '{"process_kprobe":{"my_exec":{},"process":{"pi';
    const both = Buffer.from(`${first}{"process_exec":{"process":{"exec_id":"y"}}}`);
    expect(decoder.findSecondStart(both, 0, both.length)).toBe(first.length);
    expect(decoder.findSecondStart(both, 0, first.length)).toBe(-1);
  });

  it("knows every event of the open-source samples and none of the others", () => {
    const kinds = new Map<string, number>();
    for (const line of linesOf("events.jsonl")) {
      const event = decode(line);
      expect(typeof event).toBe("object");
      const { kind } = event as ExecEvent;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect([...kinds.values()].reduce((sum, count) => sum + count)).toBe(52);
    const unknown = new Set<string>();
    for (const line of linesOf("unknown-events.jsonl")) {
      const decoder = decoderOf();
      expect(decode(line, undefined, decoder)).toBe("unknown");
      unknown.add(decoder.unknownMember);
    }
    expect([...unknown].toSorted()).toEqual(["process_close", "process_connect", "process_listen"]);
  });

  it("never throws and gives every field its type, whatever the JSON", () => {
    const process = fc.record(
      {
        exec_id: fc.jsonValue(),
        pid: fc.jsonValue(),
        uid: fc.jsonValue(),
        binary: fc.jsonValue(),
        arguments: fc.jsonValue(),
        flags: fc.jsonValue(),
        docker: fc.jsonValue(),
        pod: fc.jsonValue(),
        in_init_tree: fc.jsonValue(),
        ns: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const blank = decode({ process_exec: { process: {} } }) as unknown as Record<string, unknown>;
    const property = fc.property(
      fc.oneof(process, fc.jsonValue()),
      fc.oneof(process, fc.jsonValue()),
      (one, parent) => {
        const event = decode({ process_exec: { process: one, parent } });
        if (typeof event === "string") return;
        for (const [name, value] of Object.entries(event)) {
          if (name === "inInitTree") expect(["undefined", "boolean"]).toContain(typeof value);
          else expect([name, typeof value]).toEqual([name, typeof blank[name]]);
        }
      },
    );
    fc.assert(property, { seed: 1, numRuns: 300 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => void decoderOf().decode(Buffer.from(bytes), 0, bytes.length, 1, 2),
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it("makes events of one shape that do not keep their line alive", () => {
    const gc = globalThis.gc!;
    const line = Buffer.from(
      JSON.stringify({
        process_exec: {
          process: {
            exec_id: "bm9kZS0xOjE2MDAwMDAwMDA6MTc5Mw==",
            binary: "/usr/bin/a-longer-name-than-thirteen",
            arguments: "--one --two --three",
            cwd: "/var/lib/some/where",
          },
        },
        unknown: "\u00e9".repeat(100_000),
      }),
    );
    const decoder = decoderOf();
    const kept: DecodeOutcome[] = [];
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 200; n++) kept.push(decoder.decode(line, 0, line.length, n, 0));
    gc();
    const bytesPerEvent = (process.memoryUsage().heapUsed - before) / kept.length;
    expect(kept).toHaveLength(200);
    expect(bytesPerEvent).toBeLessThan(2000);
  });
});

function linesOf(name: string): string[] {
  return readFileSync(join(samples, name), "utf8").trimEnd().split("\n");
}
