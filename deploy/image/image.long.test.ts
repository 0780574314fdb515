import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containerSlug } from "../../packages/profile/src/index.ts";
import {
  apiCall,
  apiRequest,
  containerIdOf,
  containerProfileObject,
  containerProfilesPath,
  createPod,
  execLine,
  installCrds,
  openSimCluster,
  podObject,
  TetragonLineWriter,
  waitFor,
} from "../../packages/testing/src/index.ts";
import { buildImage, findSources, type BuiltImage } from "./build-image.ts";
import { imageSkipReason, isImageRequired } from "./image-tools.ts";
import { freePort, startContainer, type RunningContainer } from "./running-container.ts";
import { readSecurityContext } from "./security-context.ts";

const skipReason = imageSkipReason(process.env);

describe("image programs", () => {
  it.runIf(isImageRequired(process.env))("are there because KINGLET_REQUIRE names image", () => {
    expect(skipReason).toBeUndefined();
  });
});

const skipNote = skipReason === undefined ? "" : ` [skipped: ${skipReason}]`;

describe.skipIf(skipReason !== undefined)(`image [requires image]${skipNote}`, () => {
  // A store of its own: what the test builds disappears with the folder, and no store of the user is touched.
  let folder = "";
  let storage: readonly string[] = [];
  const name = "localhost/kinglet-test:latest";
  let image: BuiltImage;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kinglet-image-test-"));
    storage = ["--storage-driver=vfs", `--root=${join(folder, "root")}`, `--runroot=${join(folder, "run")}`];
    image = buildImage(process.env, { name, storage });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const podman = (...args: string[]): string =>
    execFileSync("podman", [...storage, "--runtime=runc", "--cgroup-manager=cgroupfs", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const run = (...command: string[]): string => podman("run", "--rm", ...LIMITS, name, ...command);

  it("is the same at a second build", () => {
    expect(buildImage(process.env, { name, storage }).id).toBe(image.id);
  });

  it("holds the program, its libraries, certificates and papers, and nothing else", () => {
    const files = imageFiles(podman, name);
    expect(files).toContain("usr/bin/kinglet");
    expect(files).toContain("etc/ssl/certs/ca-certificates.crt");
    for (const paper of ["LICENSE", "THIRD-PARTY-NOTICES", "sbom.spdx.json"])
      expect(files).toContain(`usr/share/doc/kinglet/${paper}`);
    for (const library of image.libraries) expect(files).toContain(library.slice(1));
    const known = [
      /^usr\/bin\/[a-z-]+$/u,
      /^usr\/share\/doc\/[^/]+\/copyright$/u,
      /^usr\/share\/doc\/kinglet\//u,
      /^etc\//u,
    ];
    const libraries = new Set(image.libraries.map((path) => path.slice(1)));
    // Mount points that podman makes in every container before it is exported.
    const mounts = /^(?:proc|sys|dev|run|var)\b/u;
    expect(
      files.filter(
        (file) => !libraries.has(file) && !mounts.test(file) && !known.some((pattern) => pattern.test(file)),
      ),
    ).toEqual([]);
  });

  it("is hardly larger than its executable", () => {
    expect(image.bytes - statSync(findSources().executable).size).toBeLessThan(12e6);
  });

  it("runs without privileges and lists its applets", () => {
    const [config] = JSON.parse(podman("image", "inspect", name)) as [
      { Config: { User: string; Labels: Record<string, string> } },
    ];
    expect(config.Config.User).toBe("65532:65532");
    expect(config.Config.Labels["org.opencontainers.image.version"]).toMatch(/^\d+\.\d+\.\d+/u);
    expect(run().trim().split("\n")).toEqual(image.applets);
    expect(run("kinglet", "--version")).toContain(config.Config.Labels["org.opencontainers.image.version"]);
  });

  it("runs each applet under its name, also with a root file system that is read-only", () => {
    for (const applet of image.applets) expect(run(applet, "--help")).toContain(applet);
    expect(podman("run", "--rm", "--read-only", "--cap-drop=all", ...LIMITS, name, "sensor", "--help")).toContain(
      "sensor",
    );
  });

  it("runs the sensor in 96 MiB: it alerts once, for the execution outside the profile, and ends in order", async () => {
    await using cluster = await openSimCluster();
    await installCrds(cluster);
    const container = {
      apiVersion: "v1",
      namespace: "default",
      kind: "Pod",
      name: "shop",
      containerType: "containers",
      containerName: "app",
    } as const;
    const profile = containerProfileObject({ name: containerSlug(container), execs: ["/usr/bin/shop"] });
    await apiCall(cluster, "POST", containerProfilesPath("default"), profile);
    await createPod(cluster, podObject({ name: "shop", nodeName: "node-a" }));

    const shared = join(folder, "shared");
    mkdirSync(shared);
    // The program runs as another user, and what it may read in a cluster is made readable for it there too.
    writeFileSync(join(shared, "kubeconfig"), readFileSync(cluster.kubeconfigPath));
    chmodSync(join(shared, "kubeconfig"), 0o644);
    await using events = new TetragonLineWriter(join(shared, "tetragon.log"));
    const containerId = containerIdOf("default/shop/app");
    await events.write(
      execLine({ binary: "/usr/bin/shop", containerId, pid: 10 }),
      execLine({ binary: "/usr/bin/nc", args: "-l 4444", containerId, pid: 11 }),
    );
    chmodSync(events.path, 0o644);

    const containerName = `kinglet-test-${process.pid}`;
    const sensor = [
      "sensor",
      "--node-name=node-a",
      "--kubeconfig=/shared/kubeconfig",
      "--tetragon-file=/shared/tetragon.log",
      "--start-at=beginning",
    ];
    const binds = ["--output=json", "--metrics-bind=127.0.0.1:0", "--debug-bind=127.0.0.1:0"];
    const args = [
      ...storage,
      "--runtime=runc",
      "--cgroup-manager=cgroupfs",
      "run",
      "--rm",
      `--name=${containerName}`,
      `--volume=${shared}:/shared:ro`,
    ];
    const running = spawn("podman", [...args, ...LIMITS, name, ...sensor, ...binds], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = once(running, "exit");
    let out = "";
    let log = "";
    running.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    running.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
    try {
      await waitFor(() => out.includes("\n") || running.exitCode !== null, {
        timeoutMs: 60_000,
        describe: () => `an alert; the sensor said:\n${log}`,
      });
      expect(running.exitCode, log).toBeNull();
      const pid = podman("inspect", "--format={{.State.Pid}}", containerName).trim();
      expect(memoryLimit(pid)).toBe(96 * 1024 * 1024);
      expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^Uid:\s+65532\s+65532/mu);
    } finally {
      if (running.exitCode === null) podman("kill", "--signal=TERM", containerName);
    }
    expect(await exited, log).toEqual([0, null]);
    const alerts = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(alerts).toEqual([
      expect.objectContaining({ ruleId: "R0001", podName: "shop", containerName: "app", nodeName: "node-a" }),
    ]);
    expect(alerts[0]).toMatchObject({ process: { binary: "/usr/bin/nc" } });
  });

  it.each([
    ["sensor.yaml", 0o600],
    ["sensor-non-root.yaml", 0o640],
  ])("reads root's event file under exactly the security context of %s, and learns", async (manifest, mode) => {
    const context = readSecurityContext(readFileSync(join(import.meta.dirname, "../manifests", manifest), "utf8"));
    await using cluster = await openSimCluster();
    await installCrds(cluster);
    await createPod(cluster, podObject({ name: "shop", nodeName: "node-a" }));
    const shared = mkdtempSync(join(folder, "context-"));
    chmodSync(shared, 0o755);
    const state = join(shared, "state");
    mkdirSync(state, { mode: 0o700 });
    chownSync(state, Number(context.user), Number(context.group));
    const kubeconfig = join(shared, "kubeconfig");
    writeFileSync(kubeconfig, readFileSync(cluster.kubeconfigPath), { mode: 0o400 });
    chownSync(kubeconfig, Number(context.user), Number(context.group));
    await using events = new TetragonLineWriter(join(shared, "tetragon.log"));
    const lineOf = (binary: string, pid: number): string =>
      execLine({ binary, containerId: containerIdOf("default/shop/app"), pid, execId: `e${pid}` });
    await events.write(lineOf("/usr/bin/shop", 10));
    chmodSync(events.path, mode);
    chownSync(events.path, 0, 0);
    const sensor = ["sensor", "--node-name=node-a", "--kubeconfig=/shared/kubeconfig", "--start-at=beginning"];
    const files = ["--tetragon-file=/shared/tetragon.log", "--state-dir=/state"];
    const times = ["--learning-initial-delay=100ms", "--learning-max-time=2s", "--profile-refresh=1s"];
    const others = ["--output=json", "--metrics-bind=127.0.0.1:0", "--debug-bind=127.0.0.1:0"];
    const volumes = [`--volume=${shared}:/shared:ro`, `--volume=${state}:/state`];
    const containerName = `kinglet-context-${process.pid}`;
    await using running = startContainer(
      [...storage, "--runtime=runc", "--cgroup-manager=cgroupfs"],
      containerName,
      [...LIMITS, ...context.options, ...volumes, name, ...sensor, ...files, ...times, ...others],
      podman,
    );
    const profiles = async (): Promise<string> =>
      JSON.stringify(await apiCall(cluster, "GET", containerProfilesPath("default")));
    await waitFor(async () => (await profiles()).includes('"completed"'), {
      timeoutMs: 60_000,
      describe: () => `a completed profile; the sensor said:\n${running.log()}`,
    });
    const status = readFileSync(
      `/proc/${podman("inspect", "--format={{.State.Pid}}", containerName).trim()}/status`,
      "utf8",
    );
    expect(status).toMatch(new RegExp(`^Uid:\\s+${context.user}\\s`, "mu"));
    // No capability, no way to one, and system calls filtered.
    for (const line of ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]) {
      expect(status).toContain(line);
    }
    await waitFor(
      async () => {
        await events.write(lineOf("/usr/bin/nc", Math.trunc(performance.now()) + 100));
        return running.log().includes('"ruleId":"R0001"');
      },
      { timeoutMs: 30_000, intervalMs: 500, describe: () => `an alert; the sensor said:\n${running.log()}` },
    );
    expect(await running.stop(), running.log()).toBe(0);
  });

  it("runs both controllers in 96 MiB: what a policy of the API denies is refused, and they end in order", async () => {
    await using cluster = await openSimCluster({
      resolveService: (_namespace, _name, port) => `127.0.0.1:${String(port)}`,
    });
    await installCrds(cluster);
    for (const namespace of ["kinglet", "shop"]) {
      const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
      await apiCall(cluster, "POST", "/api/v1/namespaces", object);
    }
    const policies = "/apis/config.stackrox.io/v1alpha1/namespaces/kinglet/securitypolicies";
    await apiCall(cluster, "POST", policies, privilegedPolicy);
    const shared = join(folder, "controllers");
    mkdirSync(shared);
    writeFileSync(join(shared, "kubeconfig"), readFileSync(cluster.kubeconfigPath));
    chmodSync(join(shared, "kubeconfig"), 0o644);
    const [webhook, ...metrics] = [await freePort(), await freePort(), await freePort()];
    const start = (applet: string, port: number | undefined, ...flags: readonly string[]): RunningContainer =>
      startContainer(
        [...storage, "--runtime=runc", "--cgroup-manager=cgroupfs"],
        `kinglet-test-${applet}-${process.pid}`,
        [
          ...[
            "--read-only",
            `--volume=${shared}:/shared:ro`,
            ...LIMITS,
            name,
            applet,
            "--kubeconfig=/shared/kubeconfig",
          ],
          ...["--namespace=kinglet", `--metrics-bind=127.0.0.1:${port}`, "--debug-bind=127.0.0.1:0", ...flags],
        ],
        podman,
      );
    const ready = (one: RunningContainer, port: number | undefined): Promise<unknown> =>
      waitFor(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200, {
        timeoutMs: 60_000,
        describe: () => `${one.name} to be ready; it said:\n${one.log()}`,
      });
    const failing = ["--failure-policy=Fail", `--webhook-port=${webhook}`];
    await using controller = start("config-controller", metrics[0], ...failing);
    await ready(controller, metrics[0]);
    const secret = "/api/v1/namespaces/kinglet/secrets/kinglet-webhook-tls";
    const data = await waitFor(
      async () => (await apiRequest(cluster, "GET", secret)).body.data as Record<string, string> | undefined,
      {
        timeoutMs: 60_000,
        describe: () => `the certificate; the controller said:\n${controller.log()}`,
      },
    );
    for (const [file, content] of Object.entries(data)) {
      writeFileSync(join(shared, file), Buffer.from(content, "base64"), { mode: 0o644 });
    }
    const webhookFlags = [`--bind=127.0.0.1:${webhook}`, "--certificate-dir=/shared", "--state-dir="];
    await using admission = start("admission-controller", metrics[1], ...webhookFlags);
    await ready(admission, metrics[1]);
    const pod = podObject({ name: "shop", nodeName: "node-a" });
    const create = (privileged: boolean): ReturnType<typeof apiRequest> => {
      const containers = [{ name: "app", image: "registry.example/app:1", securityContext: { privileged } }];
      const object = { ...pod, metadata: { name: "probe" }, spec: { containers } };
      return apiRequest(cluster, "POST", "/api/v1/namespaces/shop/pods?dryRun=All", object);
    };
    await waitFor(async () => (await create(true)).status === 403, {
      timeoutMs: 60_000,
      describe: () => `a refusal; the admission controller said:\n${admission.log()}`,
    });
    expect((await create(false)).status).toBe(201);
    for (const one of [controller, admission]) {
      const pid = podman("inspect", "--format={{.State.Pid}}", one.name).trim();
      expect(memoryLimit(pid)).toBe(96 * 1024 * 1024);
    }
    expect(await Promise.all([controller.stop(), admission.stop()])).toEqual([0, 0]);
  });
});

const privilegedPolicy = {
  apiVersion: "config.stackrox.io/v1alpha1",
  kind: "SecurityPolicy",
  metadata: { name: "privileged", namespace: "kinglet", annotations: { "kinglet.dev/mode": "deny" } },
  spec: {
    policyName: "No privileged containers",
    categories: ["Kinglet"],
    lifecycleStages: ["DEPLOY"],
    severity: "HIGH_SEVERITY",
    policySections: [{ policyGroups: [{ fieldName: "Privileged Container", values: [{ value: "true" }] }] }],
  },
};

/** As small as the product promises, and with limits that a container without systemd can set. */
const LIMITS: readonly string[] = [
  "--network=host",
  "--memory=96m",
  "--ulimit=nofile=1024:1024",
  "--ulimit=nproc=1000:1000",
];

function imageFiles(podman: (...args: string[]) => string, name: string): string[] {
  const id = podman("create", name).trim();
  try {
    const mount = podman("mount", id).trim();
    const entries = execFileSync("find", [mount, "!", "-type", "d", "-printf", "%P\n"], { encoding: "utf8" });
    return entries.trim().split("\n");
  } finally {
    podman("rm", "--force", id);
  }
}

/** The memory limit that the kernel holds the process to, in bytes, whichever version of control groups is mounted. */
function memoryLimit(pid: string): number {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const v1 = /^\d+:memory:(.+)$/mu.exec(groups)?.[1];
  const v2 = /^0::(.+)$/mu.exec(groups)?.[1] ?? "";
  const file = v1 === undefined ? `/sys/fs/cgroup${v2}/memory.max` : `/sys/fs/cgroup/memory${v1}/memory.limit_in_bytes`;
  return Number(readFileSync(file, "utf8"));
}
