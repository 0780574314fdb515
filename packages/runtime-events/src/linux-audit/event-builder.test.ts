import type { RuntimeEvent } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";
import { execRecords, FakeProcesses, type AuditExec } from "../../test/audit-log-fixture.ts";
import { tryParseAuditRecord } from "./audit-record.ts";
import { AuditEventBuilder } from "./event-builder.ts";
import { JoinedEvent } from "./joined-event.ts";
import type { LeftOut } from "./left-out.ts";
import { ProcessTree } from "./process-tree.ts";

const container = "c".repeat(64);

class Bench {
  readonly processes: FakeProcesses = new FakeProcesses();
  readonly builder: AuditEventBuilder;
  #sequence = 0;

  constructor() {
    const tree = new ProcessTree({ reader: this.processes, maxProcesses: 100, onLocated: () => {} });
    this.processes.add(100, container);
    this.processes.add(1);
    this.builder = new AuditEventBuilder({ tree, reader: this.processes, nodeName: "n", kinds: undefined });
  }

  /** Builds an event of these records. */
  build(...lines: readonly string[]): RuntimeEvent | LeftOut {
    let event: JoinedEvent | undefined;
    for (const line of lines) {
      const record = tryParseAuditRecord(line);
      if (record === undefined) throw new Error(line);
      event ??= new JoinedEvent(record, 0, 0, 0);
      event.add(record, 65_536, line.length);
    }
    if (event === undefined) throw new Error("no records");
    this.#sequence += 1;
    return this.builder.build(event, this.#sequence, 1_767_225_600_000);
  }

  exec(exec: Partial<AuditExec> = {}): RuntimeEvent | LeftOut {
    return this.build(...execRecords({ serial: 1, ...exec }));
  }

  /** A call of process 100; `fields` are those that differ. */
  call(number: number, fields: string, ...others: readonly string[]): RuntimeEvent | LeftOut {
    const stamp = "msg=audit(1767225600.000:7):";
    const head = `type=SYSCALL ${stamp} arch=c000003e syscall=${number}`;
    const tail = 'items=0 ppid=1 pid=100 uid=0 comm="x" exe="/bin/x" key="kinglet"';
    return this.build(
      `${head} ${fields.includes("success=") ? "" : "success=yes exit=0 "}${fields} ${tail}`,
      ...others.map((other) => other.replace(" ", ` ${stamp} `)),
    );
  }
}

describe("AuditEventBuilder", () => {
  it("tells an execution exactly [linux-audit executions]", () => {
    expect(
      new Bench().exec({ argv: ["/bin/ls", "a b", "", 'c"'], file: "./ls", exe: "/bin/ls", cwd: "/bin" }),
    ).toMatchObject({
      kind: "exec",
      source: "linux-audit",
      nodeName: "n",
      time: "2026-01-01T00:00:00.000Z",
      pid: 100,
      uid: 1000,
      parentPid: 1,
      binary: "/bin/ls",
      argv: ["/bin/ls", "a b", "", 'c"'],
      args: '"a b" "" c"',
      cwd: "/bin",
      containerIdPrefix: container,
      isTruncated: false,
      isReplay: false,
    });
  });

  it("takes secrets out of arguments, also where they are a parent's [linux-audit redaction]", () => {
    const bench = new Bench();
    bench.processes.add(101, container);
    const argv = ["psql", "--password", "hunter2", "-c", "x y"];
    expect(bench.exec({ argv })).toMatchObject({
      argv: ["psql", "--password", "[redacted]", "-c", "x y"],
      args: '--password [redacted] -c "x y"',
    });
    expect(bench.exec({ pid: 101, ppid: 100 })).toMatchObject({ parentArgs: '--password [redacted] -c "x y"' });
  });

  it("makes no execution of a call that failed [linux-audit failures]", () => {
    expect(new Bench().exec({ isSuccessful: false })).toBe("failed");
  });

  it("does not guess arguments whose record is missing", () => {
    const [syscall = "", , ...others] = execRecords({ serial: 1 });
    expect(new Bench().build(syscall, ...others)).toMatchObject({ argv: undefined, isTruncated: true });
    expect(new Bench().build(...others)).toBe("headless");
  });

  it("takes the kernel's path where the process gave none", () => {
    const [syscall = "", execve = "", cwd = ""] = execRecords({ serial: 1, exe: "/memfd:x (deleted)" });
    expect(new Bench().build(syscall, execve, cwd)).toMatchObject({ binary: "/memfd:x (deleted)" });
  });

  it("links executions to their parents", () => {
    const bench = new Bench();
    bench.processes.add(101, container);
    const parent = bench.exec({ serial: 5, pid: 100, file: "/bin/sh", argv: ["sh", "-c", "ls"] });
    const child = bench.exec({ serial: 6, pid: 101, ppid: 100 });
    expect(child).toMatchObject({ parentBinary: "/bin/sh", parentArgs: "-c ls", parentPid: 100 });
    expect(child).toMatchObject({ parentExecId: (parent as RuntimeEvent).execId });
  });

  it("finds a relative path through its directory", () => {
    const bench = new Bench();
    const records = ['type=CWD cwd="/srv"', 'type=PATH item=0 name="x/../y" nametype=NORMAL'];
    expect(bench.call(257, "a0=ffffff9c a1=1 a2=0", ...records)).toMatchObject({ kind: "open", path: "/srv/y" });
    expect(bench.call(257, "a0=7 a1=1 a2=0", ...records)).toBe("unresolved");
    bench.processes.descriptors.set("100:7", "/data");
    expect(bench.call(257, "a0=7 a1=1 a2=0", ...records)).toMatchObject({ path: "/data/y" });
  });

  it("tells files without the detours that a process writes into their paths [linux-audit paths]", () => {
    const bench = new Bench();
    const cwd = 'type=CWD cwd="/tmp"';
    const opened = 'type=PATH item=0 name="/tmp/..//etc/./shadow" nametype=NORMAL';
    expect(bench.call(257, "a0=ffffff9c a1=1 a2=0", cwd, opened)).toMatchObject({ path: "/etc/shadow" });
    const link = [
      'type=PATH item=0 name="../etc/shadow" nametype=UNKNOWN',
      'type=PATH item=2 name="x" nametype=CREATE',
    ];
    expect(bench.call(88, "a0=1 a1=2", cwd, ...link)).toMatchObject({ oldPath: "/etc/shadow", newPath: "/tmp/x" });
  });

  it("does not let a program pass for another one by a path through links [linux-audit paths]", () => {
    const bench = new Bench();
    const ran = (file: string, exe: string): RuntimeEvent | LeftOut => bench.exec({ file, exe, cwd: "/tmp" });
    // /tmp/x may be a link to /tmp/a/b/c.
    expect(ran("x/../../bin/ls", "/tmp/a/bin/ls")).toMatchObject({ binary: "/tmp/a/bin/ls" });
    expect(ran("/tmp/x/../../bin/ls", "/tmp/a/bin/ls")).toMatchObject({ binary: "/tmp/a/bin/ls" });
    expect(ran("x/../../bin/run", "/bin/sh")).toMatchObject({ binary: "/tmp/x/../../bin/run" });
    expect(ran(".//run", "/bin/sh")).toMatchObject({ binary: "/tmp/run" });
  });

  describe("executions whose path cannot be told, or not from its record", () => {
    const script = { argv: ["/bin/sh", "./evil.sh", "x"], file: "./evil.sh", exe: "/bin/sh" };
    const comm = (name: string, lines: readonly string[]): string[] =>
      lines.map((line) => line.replace('comm="x"', `comm="${name}"`));
    /** `execveat` by a descriptor. */
    const byDescriptor = (descriptor: string, lines: readonly string[]): string[] =>
      lines.map((line) => line.replace("syscall=59", "syscall=322").replace("a0=1 ", `a0=${descriptor} `));
    const withoutPath = (lines: readonly string[]): string[] => lines.filter((line) => !line.startsWith("type=PATH"));
    const ran = (lines: readonly string[]): string => (new Bench().build(...lines) as RuntimeEvent).binary;

    it("are no interpreter's when the working directory has no name [linux-audit programs]", () => {
      const nowhere = (exec: Partial<AuditExec>): string[] =>
        execRecords({ serial: 1, ...exec }).map((line) => line.replace(/ cwd=.*/, " cwd=(null)"));
      expect(ran(nowhere(script))).toBe("./evil.sh");
      expect(ran(nowhere({ ...script, file: "./sh", argv: ["/bin/sh", "./sh"] }))).toBe("./sh");
      expect(ran(nowhere({ file: "./ls", exe: "/usr/bin/ls" }))).toBe("/usr/bin/ls");
    });

    it("are no interpreter's, and no other program's, when they were named by a descriptor [linux-audit programs]", () => {
      const argv = ["/bin/sh", "/dev/fd/7/evil.sh"];
      expect(ran(byDescriptor("7", execRecords({ serial: 1, ...script, file: "evil.sh", argv })))).toBe("evil.sh");
      const named = { ...script, file: "sh", argv: ["/bin/sh", "/dev/fd/7/sh"] };
      expect(ran(byDescriptor("7", execRecords({ serial: 1, ...named })))).toBe("sh");
      expect(ran(byDescriptor("7", execRecords({ serial: 1, file: "ls", exe: "/usr/bin/ls" })))).toBe("/usr/bin/ls");
      // The process has made its descriptor lead elsewhere by the time that its record is read.
      const bench = new Bench();
      bench.processes.descriptors.set("100:7", "/usr/bin");
      const lied = byDescriptor("7", execRecords({ serial: 1, file: "ls", exe: "/tmp/ls" }));
      expect(bench.build(...lied)).toMatchObject({ binary: "/tmp/ls" });
    });

    it("are no interpreter's when a descriptor itself was executed [linux-audit programs]", () => {
      const empty = { ...script, file: "", argv: ["/bin/sh", "/dev/fd/3"] };
      expect(ran(byDescriptor("3", execRecords({ serial: 1, ...empty })))).toBe("/dev/fd/3");
      expect(ran(byDescriptor("3", execRecords({ serial: 1, file: "", exe: "/usr/bin/ls" })))).toBe("/usr/bin/ls");
      const [syscall = "", , ...rest] = byDescriptor("3", execRecords({ serial: 1, ...empty }));
      expect(ran([syscall, ...rest])).toBe("/bin/sh \u22EF");
    });

    it("are no interpreter's when a script has its name and is called by a detour [linux-audit programs]", () => {
      const called = { file: "/srv/x/../sh", exe: "/bin/sh" };
      expect(ran(execRecords({ serial: 1, ...called, argv: ["/bin/sh", "/srv/x/../sh"] }))).toBe("/srv/x/../sh");
      expect(ran(execRecords({ serial: 1, ...called, argv: ["sh", "-c", "ls"] }))).toBe("/bin/sh");
    });

    it("are marked as nobody's when the record with the name is missing, unless they surely are the kernel's [linux-audit programs]", () => {
      const lost = (name: string, exec: Partial<AuditExec>): string =>
        ran(comm(name, withoutPath(execRecords({ serial: 1, ...exec }))));
      expect(lost("evil.sh", script)).toBe("/bin/sh \u22EF");
      expect(lost("sh", { ...script, argv: ["/bin/sh", "-e", "/tmp/sh"] })).toBe("/bin/sh \u22EF");
      expect(lost("a-name-longer-t", { ...script, argv: ["/bin/sh", "/x/a-name-longer-than-15"] })).toBe(
        "/bin/sh \u22EF",
      );
      expect(lost("evil.sh", { ...script, argv: ["/bin/sh", "/dev/fd/3"] })).toBe("/bin/sh \u22EF");
      const nested = ["/bin/sh", ...Array.from({ length: 10 }, (_, at) => `/i${at}`), "/tmp/evil.sh"];
      expect(lost("evil.sh", { ...script, argv: nested })).toBe("/bin/sh \u22EF");
      expect(lost("sh", { exe: "/bin/sh", argv: ["sh", "-c", "ls"] })).toBe("/bin/sh");
      expect(lost("sh", { exe: "/bin/sh", argv: ["sh"] })).toBe("/bin/sh");
      const [syscall = ""] = execRecords({ serial: 1, ...script });
      expect(ran(comm("sh", [syscall]))).toBe("/bin/sh \u22EF");
    });
  });

  describe("upper halves of registers", () => {
    it("are no part of a directory's descriptor [linux-audit registers]", () => {
      const records = ['type=CWD cwd="/"', 'type=PATH item=0 name="etc/shadow" nametype=NORMAL'];
      for (const directory of ["ffffff9c", "ffffffffffffff9c", "1ffffff9c", "deadbeefffffff9c"]) {
        const opened = new Bench().call(257, `a0=${directory} a1=1 a2=deadbeef00080001`, ...records);
        expect(opened).toMatchObject({
          kind: "open",
          path: "/etc/shadow",
          flags: ["O_WRONLY", "O_CLOEXEC"],
          flagsRaw: 0x8_00_01,
        });
      }
      const bench = new Bench();
      bench.processes.descriptors.set("100:7", "/data");
      expect(bench.call(257, "a0=deadbeef00000007 a1=1 a2=0", ...records)).toMatchObject({ path: "/data/etc/shadow" });
      // A flag that the kernel does not know hides none of those that it does.
      expect(bench.call(257, "a0=7 a1=1 a2=80000001", ...records)).toMatchObject({ flags: ["O_WRONLY"] });
      const link = ['type=PATH item=0 name="etc/shadow" nametype=UNKNOWN', 'type=PATH item=2 name="x" nametype=CREATE'];
      expect(bench.call(266, "a0=1 a1=1ffffff9c a2=2", records[0]!, ...link)).toMatchObject({ newPath: "/x" });
    });

    it("make no script pass for its interpreter [linux-audit registers]", () => {
      const called = execRecords({ serial: 1, argv: ["/bin/sh", "tmp/evil.sh"], file: "tmp/evil.sh", exe: "/bin/sh" });
      const records = called.map((line) =>
        line.replace("syscall=59", "syscall=322").replace("a0=1 ", "a0=deadbeefffffff9c "),
      );
      expect(new Bench().build(...records)).toMatchObject({ binary: "/tmp/evil.sh" });
    });

    it("are no part of commands, sizes, types and flags of 32 bits [linux-audit registers]", () => {
      const bench = new Bench();
      expect(bench.call(321, "a0=100000005 a1=7ffc a2=deadbeef00000048")).toMatchObject({ command: 5, attrSize: 72 });
      expect(bench.call(308, "a0=3 a1=deadbeef00020000")).toMatchObject({ kind: "unshare", flagsRaw: 0x2_00_00 });
      expect(bench.call(56, "a0=deadbeef10000011")).toMatchObject({ kind: "unshare", flagsRaw: 0x10_00_00_11 });
      expect(bench.call(56, "a0=deadbeef00000011")).toMatchObject({ kind: "syscall", name: "clone" });
      const peer = "type=SOCKADDR saddr=0200005001020304000000000000000000";
      expect(bench.call(41, "success=yes exit=3 a0=500000002 a1=deadbeef00080002 a2=100000000")).toBe("unused");
      expect(bench.call(42, "a0=100000003 a1=1 a2=10", peer)).toMatchObject({ protocol: "UDP", port: 80 });
    });

    it("count where the kernel looks at them: a request of ptrace, which is none then [linux-audit registers]", () => {
      const bench = new Bench();
      expect(bench.call(101, "a0=deadbeef00000010 a1=37")).toMatchObject({ command: -1 });
      expect(bench.call(101, "a0=100000010 a1=37")).toMatchObject({ command: 0x1_00_00_00_10 });
    });

    it("are no part of anything in a call with 32 bits [linux-audit registers]", () => {
      const bench = new Bench();
      const call = (number: number, fields: string): RuntimeEvent | LeftOut =>
        bench.build(
          `type=SYSCALL msg=audit(1.000:7): arch=40000003 syscall=${number} success=yes exit=0 ${fields} ppid=1 pid=100 uid=0 exe="/x" key="k"`,
        );
      expect(call(26, "a0=deadbeef00000010 a1=37")).toMatchObject({ kind: "ptrace", command: 16 });
      expect(call(310, "a0=deadbeef10020000")).toMatchObject({ kind: "unshare", flagsRaw: 0x10_02_00_00 });
      expect(call(102, "a0=deadbeef00000001")).toBe("unused");
    });
  });

  it("tells connections that went out from ones that could not [linux-audit network]", () => {
    const bench = new Bench();
    const peer = "type=SOCKADDR saddr=0200005001020304000000000000000000";
    const egress = { kind: "network", direction: "egress", address: "1.2.3.4", port: 80, protocol: "TCP" };
    expect(bench.call(42, "a0=3 a1=1 a2=10", peer)).toMatchObject(egress);
    expect(bench.call(42, "success=no exit=-115 a0=3 a1=1 a2=10", peer)).toMatchObject(egress);
    expect(bench.call(42, "success=no exit=-111 a0=3 a1=1 a2=10", peer)).toMatchObject(egress);
    expect(bench.call(42, "success=no exit=-9 a0=3 a1=1 a2=10", peer)).toBe("failed");
    expect(bench.call(41, "success=yes exit=3 a0=2 a1=80002 a2=0")).toBe("unused");
    expect(bench.call(42, "a0=3 a1=1 a2=10", peer)).toMatchObject({ ...egress, protocol: "UDP" });
    expect(bench.call(42, "a0=3 a1=1 a2=10", "type=SOCKADDR saddr=01002F72756E00")).toBe("unused");
  });

  it("tells connections that 32-bit programs make through one call for all [linux-audit network]", () => {
    const bench = new Bench();
    const peer = "type=SOCKADDR msg=audit(1.000:7): saddr=0200005001020304000000000000000000";
    const call = (which: string): RuntimeEvent | LeftOut =>
      bench.build(
        `type=SYSCALL msg=audit(1.000:7): arch=40000003 syscall=102 success=yes exit=0 a0=${which} a1=ff ppid=1 pid=100 uid=0 exe="/x" key="k"`,
        peer,
      );
    const egress = { kind: "network", direction: "egress", address: "1.2.3.4", port: 80 };
    expect(call("3")).toMatchObject({ ...egress, protocol: "TCP" });
    expect(call("b")).toMatchObject({ ...egress, protocol: "UDP" });
    expect(call("2")).toMatchObject({ kind: "network", direction: "ingress", isListening: true, port: 80 });
    expect(call("5")).toMatchObject({ kind: "network", direction: "ingress", sourcePort: 80 });
    expect(call("1")).toBe("unused");
  });

  it("tells calls into the kernel [linux-audit kernel]", () => {
    const bench = new Bench();
    expect(bench.call(321, "a0=5 a1=7ffc a2=48")).toMatchObject({ kind: "bpf", command: 5, attrSize: 72 });
    expect(bench.call(313, "a0=3", 'type=KERN_MODULE name="rootkit"')).toMatchObject({
      kind: "kmod",
      syscallName: "finit_module",
      module: "rootkit",
    });
    bench.processes.binaries.set(55, "/usr/bin/target");
    expect(bench.call(101, "a0=10 a1=37", 'type=OBJ_PID opid=55 ocomm="t"')).toMatchObject({
      kind: "ptrace",
      command: 16,
      target: "/usr/bin/target",
    });
    expect(bench.call(272, "a0=10020000")).toMatchObject({ kind: "unshare", flagsRaw: 0x10_02_00_00 });
    expect(bench.call(308, "a0=3 a1=20000")).toMatchObject({
      kind: "unshare",
      syscallName: "setns",
      flagsRaw: 0x2_00_00,
    });
    expect(bench.call(56, "a0=10000011")).toMatchObject({ kind: "unshare", syscallName: "clone" });
    expect(bench.call(56, "a0=11")).toMatchObject({ kind: "syscall", name: "clone" });
    expect(bench.call(165, "a0=1")).toMatchObject({ kind: "syscall", name: "mount" });
    expect(bench.call(9999, "a0=1")).toBe("unknown");
    const uring = 'type=URINGOP uring_op=18 success=yes exit=0 items=0 ppid=1 pid=100 uid=0 key="kinglet"';
    expect(bench.build(uring.replace(" ", " msg=audit(1767225600.000:8): "))).toMatchObject({
      kind: "iouring",
      opcode: 18,
    });
  });

  describe("calls of the runtime while it sets a container up", () => {
    const crun = { pid: 50, ppid: 1, file: "/usr/bin/crun", exe: "/usr/bin/crun", argv: ["crun", "create"] };

    /** A fork of process 50, already in the container, makes namespaces. */
    function unshares(bench: Bench, exe: string): RuntimeEvent | LeftOut {
      const stamp = "msg=audit(1767225600.500:9):";
      return bench.build(
        `type=SYSCALL ${stamp} arch=c000003e syscall=272 success=yes exit=0 a0=20000 items=0 ppid=50 pid=100 uid=0 exe="${exe}" key="k"`,
      );
    }

    it("are the host's: they come from a process that the runtime forked outside of containers [linux-audit runtime calls]", () => {
      const bench = new Bench();
      bench.processes.add(50);
      bench.exec(crun);
      expect(unshares(bench, "/usr/bin/crun")).toMatchObject({ kind: "unshare", containerIdPrefix: "" });
      expect(bench.exec({ pid: 100, ppid: 50 })).toMatchObject({ containerIdPrefix: container });
      expect(unshares(bench, "/usr/bin/crun")).toMatchObject({ kind: "unshare", containerIdPrefix: container });
    });

    it("are the container's in any other case: another file, a runtime in a container, one that nobody saw [linux-audit runtime calls]", () => {
      const other = new Bench();
      other.processes.add(50);
      other.exec(crun);
      expect(unshares(other, "/tmp/x")).toMatchObject({ containerIdPrefix: container });
      const inside = new Bench();
      inside.processes.add(50, container);
      inside.exec(crun);
      expect(unshares(inside, "/usr/bin/crun")).toMatchObject({ containerIdPrefix: container });
      const unseen = new Bench();
      unseen.processes.add(50);
      unseen.processes.binaries.set(50, "/usr/bin/crun");
      expect(unshares(unseen, "/usr/bin/crun")).toMatchObject({ containerIdPrefix: container });
    });
  });

  it("tells a call by its name alone where the rule's key asks for that", () => {
    const event = new Bench().build(
      'type=SYSCALL msg=audit(1.000:7): arch=c00000b7 syscall=97 success=no exit=-1 a0=0 ppid=1 pid=100 uid=0 exe="/x" key="kinglet-syscall"',
    );
    expect(event).toMatchObject({ kind: "syscall", name: "unshare" });
  });

  it("keeps of a process no more than the beginning of its arguments [linux-audit bounds]", () => {
    const bench = new Bench();
    const used = (): number => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    const argv = ["x", "y".repeat(60_000)];
    bench.exec({ pid: 100, argv });
    const before = used();
    for (let pid = 101; pid <= 400; pid++) bench.exec({ pid, argv });
    // All of them: 18 MB.
    expect(used() - before).toBeLessThan(4_000_000);
    expect(bench.exec({ pid: 400 })).toMatchObject({ kind: "exec" });
  });
});
