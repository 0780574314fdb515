import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import {
  apiCall,
  containerProfilesPath,
  createPod,
  openSimCluster,
  openTempDir,
  podObject,
  waitFor,
  type SimClusterFixture,
  type TempDir,
} from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { auditState, KernelAudit } from "./kernel-audit.ts";
import { KernelContainer } from "./kernel-container.ts";
import { isKernelRequired, kernelSkipReason } from "./kernel-programs.ts";
import { SensorProcess } from "./sensor-process.ts";
import { nodeName, prepareShop } from "./shop.ts";

const skipReason = kernelSkipReason();
const skipNote = skipReason === undefined ? "" : ` [skipped: ${skipReason}]`;
const namespace = "kernel";

describe("programs for a real kernel", () => {
  it.runIf(isKernelRequired(process.env))("are there because KINGLET_REQUIRE names kernel", () => {
    expect(skipReason).toBeUndefined();
  });
});

describe.skipIf(skipReason !== undefined)(`sensor on a real kernel [requires kernel]${skipNote}`, () => {
  let cluster: SimClusterFixture;
  let folder: TempDir;

  beforeEach(async () => {
    cluster = await openSimCluster();
    folder = await openTempDir("kinglet-kernel-");
    await prepareShop(cluster, namespace);
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
    expect(auditState()).toEqual({ isEnabled: false, rules: "No rules" });
  });

  /** The pod that the container would belong to, as a kubelet reports it. */
  const addPod = async (name: string, containerId: string): Promise<void> => {
    const hash = "7d9f6c5b48";
    const pod = podObject({
      name: `${name}-${hash}-x2k9p`,
      namespace,
      nodeName,
      labels: { app: name, "pod-template-hash": hash },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: `${name}-${hash}` }],
      containers: [{ name: "app", containerId }],
    });
    const [status] = pod.status["containerStatuses"] as Record<string, unknown>[];
    const started = { ...status, state: { running: { startedAt: new Date(Date.now() + 1000).toISOString() } } };
    await createPod(cluster, { ...pod, status: { ...pod.status, containerStatuses: [started] } });
  };

  it.each(["log", "socket"] as const)(
    "learns what a container executes and alerts on exactly the executions outside of that, over auditd's %s",
    async (transport) => {
      await using audit = await KernelAudit.open(folder.path, transport === "log" ? "ENRICHED" : "RAW");
      await using sensor = await SensorProcess.start({
        folder: folder.file("sensor"),
        kubeconfig: cluster.kubeconfigPath,
        tetragonFile: folder.file("no-tetragon.log"),
        args: [
          ...["--node-name", nodeName, "--cluster-name", "test", "--profile-refresh", "1s"],
          ...["--event-sources", "linux-audit", "--auditctl", "/usr/sbin/auditctl"],
          ...(transport === "log" ? ["--audit-log", audit.logPath] : ["--audit-socket", audit.socketPath]),
          ...["--learning-initial-delay", "1s", "--learning-update-period", "1s", "--learning-max-time", "12s"],
        ],
      });
      await sensor.ready();
      await using container = KernelContainer.create(audit, "app");
      await addPod("app", container.id);
      container.start();
      await container.run("/bin/sh -c '/bin/wget --help 2>/dev/null; :'");
      await container.run("sh -c 'wget --help' 2>/dev/null");
      await container.run("/bin/cp /bin/busybox /tmp/tool");
      const profile = await learnedProfile(sensor);
      expect(profile.execs.map(({ path, args }) => `${path}: ${args.join(" ")}`).toSorted()).toEqual([
        "/bin/cp: /bin/cp /bin/busybox /tmp/tool",
        "/bin/sh: /bin/sh",
        "/bin/sh: /bin/sh -c /bin/wget --help 2>/dev/null; :",
        "/bin/wget: /bin/wget --help",
        // busybox runs what it holds itself from its own file.
        "/proc/self/exe: sh -c wget --help",
        "/proc/self/exe: wget --help",
      ]);
      expect(sensor.alerts()).toEqual([]);

      await container.run("/bin/sh -c '/bin/wget --help 2>/dev/null; :'");
      await container.run("sh -c 'wget --help' 2>/dev/null");
      await container.run("/tmp/tool true");
      await container.run("/bin/wget -q 2>/dev/null");
      await container.run("/bin/sh -c '/bin/wget --help 2>/dev/null; :'");
      const alert = await sensor.alert((row) => row.process.binary === "/tmp/tool", "for the new binary");
      expect(alert).toMatchObject({ ruleId: "R0001", namespace, containerName: "app", containerId: container.id });
      const judged = 'kinglet_sensor_executions_total{outcome="judged"}';
      await waitFor(async () => (await sensor.metric(judged)) >= 8, { describe: "all executions to be judged" });
      await sensor.alert((row) => row.ruleId === "R0040", "for the known binary with other arguments");
      expect(sensor.alerts().map(({ ruleId, process: { binary } }) => [ruleId, binary])).toEqual([
        ["R0001", "/tmp/tool"],
        ["R0040", "/bin/wget"],
      ]);
      expect(await sensor.stop()).toBe(0);
    },
  );

  it("leaves no rule and no auditing behind when the test is killed", async () => {
    const module = join(import.meta.dirname, "kernel-audit.ts");
    const script = `const { KernelAudit } = await import(process.argv[1]); await KernelAudit.open(process.argv[2], "RAW"); console.log("open"); setInterval(() => {}, 1000);`;
    const args = ["--conditions=@kinglet/source", "--input-type=module", "--eval", script, module, folder.path];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    expect(auditState().isEnabled).toBe(true);
    child.kill("SIGKILL");
    await waitFor(() => !auditState().isEnabled && auditState().rules === "No rules", {
      describe: "auditing to be switched off",
      timeoutMs: 20_000,
    });
  });

  interface LearnedExecs {
    readonly execs: readonly { readonly path: string; readonly args: readonly string[] }[];
  }

  /** Waits for the container's profile to be complete. */
  async function learnedProfile(sensor: SensorProcess): Promise<LearnedExecs> {
    let last: unknown;
    return waitFor(
      async () => {
        const { items } = (await apiCall(cluster, "GET", containerProfilesPath(namespace))) as {
          readonly items: readonly {
            readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
            readonly spec: LearnedExecs;
          }[];
        };
        last = items;
        const [profile] = items;
        if (profile?.metadata.annotations?.["kubescape.io/status"] !== "completed") return undefined;
        return profile.spec;
      },
      {
        describe: () => `a completed profile; ${JSON.stringify(last)}\n${sensor.stderr()}\n${sensor.stdout()}`,
        timeoutMs: 60_000,
        intervalMs: 300,
      },
    );
  }
});
