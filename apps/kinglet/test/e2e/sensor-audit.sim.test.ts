import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSimCluster, openTempDir, waitFor, type SimClusterFixture, type TempDir } from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SensorProcess } from "./sensor-process.ts";
import { addWorkload, nodeName, prepareShop, type ShopWorkload } from "./shop.ts";

const namespace = "audited";

/** What a test plays: auditd's log and the node's `/proc`. */
class AuditedNode {
  readonly logPath: string;
  readonly procRoot: string;
  #serial = 0;

  constructor(folder: string) {
    this.logPath = join(folder, "audit.log");
    this.procRoot = join(folder, "proc");
    mkdirSync(this.procRoot);
    writeFileSync(join(this.procRoot, "uptime"), "1000.00 1000.00\n");
    writeFileSync(
      this.logPath,
      "type=DAEMON_START msg=audit(1.000:1): op=start ver=3.0.9 format=raw auid=0 pid=1 res=success\n",
    );
  }

  /** A process that runs in the container of a workload. */
  addProcess(pid: number, workload: ShopWorkload): void {
    const folder = join(this.procRoot, String(pid));
    mkdirSync(folder);
    writeFileSync(join(folder, "cgroup"), `0::/kubepods/burstable/pod1/${workload.containerId}\n`);
    writeFileSync(join(folder, "stat"), `${pid} (x) S 1 ${"0 ".repeat(17)}1 0\n`);
    symlinkSync("/bin/x", join(folder, "exe"));
  }

  execute(pid: number, parentPid: number, path: string, ...args: readonly string[]): void {
    this.#serial += 1;
    const stamp = `msg=audit(${(Date.now() / 1000).toFixed(3)}:${this.#serial}):`;
    const value = (text: string): string =>
      /[^!#-~]/.test(text) ? Buffer.from(text).toString("hex").toUpperCase() : `"${text}"`;
    const ids = `ppid=${parentPid} pid=${pid} auid=4294967295 uid=0`;
    const records = [
      `type=SYSCALL ${stamp} arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=1 ${ids} comm="x" exe=${value(path)} key="kinglet-exec"`,
      `type=EXECVE ${stamp} argc=${args.length + 1} a0=${value(path)}${args.map((text, at) => ` a${at + 1}=${value(text)}`).join("")}`,
      `type=CWD ${stamp} cwd="/"`,
      `type=PATH ${stamp} item=0 name=${value(path)} inode=1 dev=fe:00 nametype=NORMAL`,
      `type=PROCTITLE ${stamp} proctitle="x"`,
    ];
    appendFileSync(this.logPath, records.map((record) => `${record}\n`).join(""));
  }

  rotate(): void {
    renameSync(this.logPath, `${this.logPath}.1`);
  }
}

describe("sensor on auditd's log", () => {
  let cluster: SimClusterFixture;
  let folder: TempDir;

  beforeEach(async () => {
    cluster = await openSimCluster();
    folder = await openTempDir("kinglet-audited-");
    await prepareShop(cluster, namespace);
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const start = async (node: AuditedNode): Promise<SensorProcess> => {
    const sensor = await SensorProcess.start({
      folder: folder.file("sensor"),
      kubeconfig: cluster.kubeconfigPath,
      tetragonFile: folder.file("no-tetragon.log"),
      args: [
        ...["--node-name", nodeName, "--cluster-name", "test", "--profile-refresh", "1s"],
        ...["--event-sources", "linux-audit", "--audit-log", node.logPath, "--audit-proc-root", node.procRoot],
      ],
    });
    await sensor.ready();
    return sensor;
  };

  it("alerts on what is not in the profile, also of a process that has ended, with secrets taken out", async () => {
    const node = new AuditedNode(folder.path);
    const cart = await addWorkload(cluster, namespace, "cart");
    node.addProcess(100, cart);
    await using sensor = await start(node);
    node.execute(100, 1, "/bin/sh");
    node.execute(101, 100, "/usr/bin/nc", "--password", "hunter2", "two words");
    node.rotate();
    node.execute(102, 101, "/usr/bin/id");
    node.execute(900, 899, "/usr/bin/of-the-node");
    const alert = await sensor.alert((row) => row.process.binary === "/usr/bin/id", "of the grandchild");
    expect(alert).toMatchObject({ ruleId: "R0001", containerId: cart.containerId, podName: cart.podName });
    expect(sensor.alerts().map(({ ruleId, process: { binary } }) => [ruleId, binary])).toEqual([
      ["R0001", "/usr/bin/nc"],
      ["R0001", "/usr/bin/id"],
    ]);
    expect(sensor.stdout()).not.toContain("hunter2");
    expect(await sensor.stop()).toBe(0);
  });

  it("loses no execution over kill -9", async () => {
    const node = new AuditedNode(folder.path);
    const cart = await addWorkload(cluster, namespace, "cart");
    node.addProcess(100, cart);
    const seen = new Set<string>();
    const expected = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      await using sensor = await start(node);
      for (let index = 0; index < 10; index += 1) {
        const binary = `/tmp/x${round}-${index}`;
        expected.add(binary);
        node.execute(1000 + round * 10 + index, 100, binary);
      }
      if (round === 1) node.rotate();
      if (round < 2) {
        await waitFor(() => sensor.alerts().length > 3, { describe: "some alerts before the kill", intervalMs: 1 });
        await sensor.stop("SIGKILL");
      } else {
        const missing = (): number => {
          const all = new Set([...seen, ...sensor.alerts().map((alert) => alert.process.binary)]);
          return [...expected].filter((binary) => !all.has(binary)).length;
        };
        await waitFor(() => missing() === 0, { describe: () => `${missing()} missing alerts`, timeoutMs: 30_000 });
      }
      for (const alert of sensor.alerts()) seen.add(alert.process.binary);
    }
    expect(seen).toEqual(expected);
  });
});
