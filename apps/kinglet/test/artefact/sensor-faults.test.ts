import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { openKubeSim } from "@kinglet/kube-sim";
import { createNamespace, createPod, installCrds, openSimCluster, podObject, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { SensorProcess } from "../e2e/sensor-process.ts";
import { addWorkload, executes, nodeName, prepareShop } from "../e2e/shop.ts";
import type { Ended } from "./built-program.ts";
import { program, sensorBench } from "./sensor-bench.ts";

const isRoot = process.getuid?.() === 0;
/** `nobody`: a user that owns nothing. */
const nobody = 65534;
const bench = sensorBench();

/** The lines of standard error that are not mere information. */
function faults(ended: Ended): readonly string[] {
  return ended.stderr.split("\n").filter((line) => line !== "" && !line.includes('"level":"info"'));
}

/** Expects one line with this code, and nothing on standard output. */
function expectFault(ended: Ended, exitCode: number, code: string, ...contains: readonly string[]): void {
  expect({ code: ended.code, stdout: ended.stdout, stderr: ended.stderr }).toMatchObject({
    code: exitCode,
    stdout: "",
  });
  const lines = faults(ended);
  expect(lines, ended.stderr).toHaveLength(1);
  expect(lines[0]).toContain(code);
  for (const text of contains) expect(lines[0]).toContain(text);
  expect(ended.stderr, "no stack traces").not.toMatch(/^\s+at /m);
}

/** A port of loopback that is taken until the server is closed. */
async function takePort(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0 };
}

/** A kubeconfig like the fixture's with changes. */
async function kubeconfig(change: (config: KubeconfigParts) => void): Promise<string> {
  const config = JSON.parse(await readFile(bench.fixture.kubeconfigPath, "utf8")) as KubeconfigParts;
  change(config);
  const path = bench.folder.file("kubeconfig");
  await writeFile(path, JSON.stringify(config));
  return path;
}

interface KubeconfigParts {
  clusters: [{ cluster: Record<string, string | boolean> }];
  users: [{ user: Record<string, string> }];
  "current-context"?: string;
}

describe("sensor with a kubeconfig that cannot be used", () => {
  it("names a missing file", async () => {
    expectFault(
      await bench.ends(bench.working("--kubeconfig", bench.folder.file("nowhere"))),
      3,
      "KINGLET_ERR_KUBE_CLIENT_CONFIG",
      bench.folder.file("nowhere"),
    );
  });

  it("names a file that is no YAML", async () => {
    const path = bench.folder.file("kubeconfig");
    await writeFile(path, "clusters: [unclosed\nusers: }");
    expectFault(await bench.ends(bench.working("--kubeconfig", path)), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", path);
  });

  it("names a file that is YAML and no kubeconfig", async () => {
    const path = bench.folder.file("kubeconfig");
    await writeFile(path, "just a sentence\n");
    expectFault(await bench.ends(bench.working("--kubeconfig", path)), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", path);
  });

  it("names a folder", async () => {
    expectFault(
      await bench.ends(bench.working("--kubeconfig", bench.folder.path)),
      3,
      "KINGLET_ERR_KUBE_CLIENT_CONFIG",
      bench.folder.path,
    );
  });

  it("says that the current context is missing, and that a named one is", async () => {
    const path = await kubeconfig((config) => delete config["current-context"]);
    expectFault(
      await bench.ends(bench.working("--kubeconfig", path)),
      3,
      "KINGLET_ERR_KUBE_CLIENT_CONFIG",
      path,
      "context",
    );
    expectFault(
      await bench.ends(bench.working("--context", "elsewhere")),
      3,
      "KINGLET_ERR_KUBE_CLIENT_CONFIG",
      "elsewhere",
    );
  });

  it("says that the authority is no certificate", async () => {
    const path = await kubeconfig((config) => {
      config.clusters[0].cluster["certificate-authority-data"] = Buffer.from("no certificate").toString("base64");
    });
    expectFault(
      await bench.ends(bench.working("--kubeconfig", path)),
      3,
      "KINGLET_ERR_KUBE_CLIENT_CONFIG",
      "certificate-authority-data",
    );
  });

  it("says that there is none, and where it looked", async () => {
    const args = [
      "--node-name",
      nodeName,
      "--tetragon-file",
      bench.events,
      "--state-dir",
      bench.folder.file("state"),
      "--metrics-bind",
      "127.0.0.1:0",
    ];
    const ended = await bench.ends([...args, "--debug-bind", "127.0.0.1:0"], { HOME: bench.folder.path });
    expectFault(ended, 3, "KINGLET_ERR_KUBE_CLIENT_NO_CONFIG", "KUBECONFIG", bench.folder.path);
  });
});

describe("sensor with an API that does not answer as it should", () => {
  const readyReason = async (sensor: SensorProcess, fits: RegExp): Promise<string> => {
    let text = "";
    await waitFor(
      async () => {
        const answer = await sensor.http("/readyz");
        text = answer.text;
        return answer.status === 503 && fits.test(text);
      },
      { describe: () => `a reason like ${String(fits)}, last one: ${text}\n${sensor.stderr()}`, timeoutMs: 20_000 },
    );
    return text;
  };

  it("waits for one that is not there, says why, and becomes ready by itself once it comes", async () => {
    const { server, port } = await takePort();
    await new Promise((resolve) => server.close(resolve));
    const path = await kubeconfig((config) => {
      config.clusters[0].cluster = {
        server: `https://127.0.0.1:${String(port)}`,
        // The server that is to come makes its authority only then.
        "insecure-skip-tls-verify": true,
      };
    });
    await using sensor = await bench.start({ kubeconfig: path });
    let first = 0;
    await waitFor(async () => (first = (await sensor.http("/readyz")).status) !== 0, {
      describe: "the listener",
      intervalMs: 1,
    });
    expect(first, "from the first moment").toBe(503);
    const reason = await readyReason(sensor, /no answer from the API server/);
    expect(reason).toContain(`https://127.0.0.1:${String(port)}`);
    expect(reason).toContain("ECONNREFUSED");
    expect((await sensor.http("/livez")).status).toBe(200);
    await using _sim = await openKubeSim({ port, adminToken: bench.fixture.adminToken });
    await sensor.ready();
  });

  it("becomes ready by itself when the API recovers", async () => {
    await using sim = await openKubeSim();
    const port = Number(new URL(sim.server).port);
    sim.faults.add({ match: { resource: "pods" }, action: { kind: "status", code: 503 }, times: 3 });
    const path = bench.folder.file("sim-kubeconfig");
    await writeFile(path, JSON.stringify(sim.kubeconfig()));
    await using sensor = await bench.start({ kubeconfig: path });
    await readyReason(sensor, new RegExp(`127\\.0\\.0\\.1:${String(port)}.*the server failed \\(503\\)`));
    await sensor.ready();
  });

  it("waits with a reason when the server's certificate is of another authority", async () => {
    await using other = await openKubeSim();
    const path = await kubeconfig((config) => {
      config.clusters[0].cluster["certificate-authority-data"] = Buffer.from(other.caPem).toString("base64");
    });
    await using sensor = await bench.start({ kubeconfig: path });
    expect(await readyReason(sensor, /certificate was not accepted/)).toContain(bench.fixture.server);
    expect(await sensor.stop()).toBe(0);
  });

  it("waits with a reason when its token is refused, and never says the token", async () => {
    const token = "not-the-token-0123456789";
    const path = await kubeconfig((config) => {
      config.users[0].user["token"] = token;
    });
    await using sensor = await bench.start({ kubeconfig: path, args: ["--log-level", "debug"] });
    const reason = await readyReason(sensor, /credentials were not accepted/);
    expect(reason).toContain(bench.fixture.server);
    expect(reason).not.toContain(token);
    for (const view of ["/debug/containers", "/debug/events", "/debug/informers", "/debug/rules", "/debug/heap"]) {
      expect((await sensor.debug(view)).text).not.toContain(token);
    }
    expect((await sensor.http("/metrics")).text).not.toContain(token);
    expect(sensor.stderr()).not.toContain(token);
    expect(await sensor.stop()).toBe(0);
  });

  it("stops within ten seconds while the API is down", async () => {
    const path = await kubeconfig((config) => {
      config.clusters[0].cluster["server"] = "https://127.0.0.1:1";
    });
    await using sensor = await bench.start({ kubeconfig: path, args: ["--scope", "cluster"] });
    await readyReason(sensor, /no answer from the API server/);
    const before = performance.now();
    expect(await sensor.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it("stops within ten seconds while a request hangs", async () => {
    await using sim = await openKubeSim();
    const fault = sim.faults.add({ match: { resource: "pods" }, action: { kind: "hang" } });
    const path = bench.folder.file("sim-kubeconfig");
    await writeFile(path, JSON.stringify(sim.kubeconfig()));
    await using sensor = await bench.start({ kubeconfig: path });
    await waitFor(() => fault.hits > 0, { describe: "the list to hang" });
    const before = performance.now();
    expect(await sensor.stop("SIGINT")).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe("sensor without the profile kind at the API", () => {
  it("reads events, says why it is not ready, and is once the kind is there", { timeout: 120_000 }, async () => {
    await using cluster = await openSimCluster();
    await createNamespace(cluster, "shop");
    await createPod(cluster, podObject({ name: "cart", namespace: "shop", nodeName }));
    await using sensor = await bench.start({ kubeconfig: cluster.kubeconfigPath, args: ["--profile-refresh", "1s"] });
    await waitFor(async () => (await sensor.http("/readyz")).text.includes("the profile store does not answer"), {
      describe: "the reason at /readyz",
      timeoutMs: 60_000,
    });
    expect((await sensor.http("/readyz?verbose")).text).toContain("[+] events: ready");
    await installCrds(cluster);
    await sensor.ready();
    expect(await sensor.stop()).toBe(0);
  });
});

describe("sensor inside a cluster", () => {
  it("uses the service account of its pod, and never watches its own namespace", async () => {
    await prepareShop(bench.fixture, "own");
    const own = await addWorkload(bench.fixture, "own", "kinglet");
    const account = bench.folder.file("serviceaccount");
    await mkdir(account);
    await writeFile(join(account, "ca.crt"), bench.fixture.caPem);
    await writeFile(join(account, "token"), `${bench.fixture.adminToken}\n`);
    await writeFile(join(account, "namespace"), "own");
    const { hostname, port } = new URL(bench.fixture.server);
    await using sensor = await SensorProcess.start({
      folder: bench.folder.path,
      tetragonFile: bench.events,
      env: {
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        KINGLET_SERVICE_ACCOUNT_DIR: account,
        NODE_NAME: nodeName,
      },
    });
    await sensor.ready();
    await writeFile(bench.events, `${executes(own, "/usr/bin/id").line}\n`, { flag: "a" });
    await waitFor(async () => (await sensor.metric('kinglet_sensor_executions_total{outcome="ignored"}')) === 1, {
      describe: "the execution of the own namespace to be passed over",
    });
    expect(sensor.stdout()).toBe("");
    expect(await sensor.stop()).toBe(0);
  });

  it("names what is missing of the service account", async () => {
    const args = bench.working().slice(2);
    const env = {
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: "1",
      KINGLET_SERVICE_ACCOUNT_DIR: bench.folder.file("none"),
    };
    expectFault(await bench.ends(args, env), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", bench.folder.file("none/ca.crt"));
    await mkdir(bench.folder.file("none"));
    await writeFile(bench.folder.file("none/ca.crt"), bench.fixture.caPem);
    expectFault(await bench.ends(args, env), 3, "KINGLET_ERR_KUBE_CLIENT_CREDENTIALS", bench.folder.file("none/token"));
  });
});

describe("sensor with an event file that is not as expected", () => {
  it("waits for a missing one, says so, and reads it from its beginning once it appears", async () => {
    await rm(bench.events);
    await prepareShop(bench.fixture, "late-file");
    const cart = await addWorkload(bench.fixture, "late-file", "cart");
    await using sensor = await bench.start({ startAt: "end" });
    await sensor.ready();
    const health = async (): Promise<{ readonly connected: boolean; readonly reason: string }> =>
      (
        JSON.parse((await sensor.debug("/debug/events")).text) as {
          readonly source: { connected: boolean; reason: string };
        }
      ).source;
    await waitFor(async () => !(await health()).connected && (await health()).reason.includes(bench.events), {
      describe: "the reason to name the file",
    });
    const bad = executes(cart, "/usr/bin/id");
    await writeFile(bench.events, `${bad.line}\n`);
    await sensor.alert((alert) => alert.process.execId === bad.execId, "of the first line of the new file");
    await waitFor(async () => (await health()).connected, { describe: "the file to be followed" });
  });

  it("refuses a folder", async () => {
    expectFault(
      await bench.ends(bench.working("--tetragon-file", bench.folder.path)),
      3,
      "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE",
      bench.folder.path,
    );
  });

  it.skipIf(!isRoot)(
    `refuses one that it may not read${isRoot ? "" : " [skipped: needs root to become another user]"}`,
    async () => {
      await using sensor = await startAsNobody();
      expect(await sensor.ended).toBe(3);
      expect(sensor.stderr()).toContain("KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE");
      expect(sensor.stderr()).toContain(bench.events);
    },
  );
});

/** A sensor as a user that cannot read the event file. */
async function startAsNobody(): Promise<SensorProcess> {
  const copy = bench.folder.file(program.endsWith(".cjs") ? "kinglet.cjs" : "kinglet");
  await copyFile(program, copy);
  await chmod(copy, 0o755);
  await chmod(bench.folder.path, 0o777);
  await chmod(bench.events, 0o600);
  const readable = bench.folder.file("kubeconfig");
  await copyFile(bench.fixture.kubeconfigPath, readable);
  await chmod(readable, 0o644);
  return bench.start({ program: copy, user: nobody, kubeconfig: readable });
}

describe("sensor with folders and ports that cannot be used", () => {
  it("refuses a state folder that cannot be made", async () => {
    const ended = await bench.ends(bench.working("--state-dir", join(bench.events, "below-a-file")));
    expectFault(ended, 3, "KINGLET_ERR_KINGLET_STATE_DIR", join(bench.events, "below-a-file"));
    // A file system that takes no folders: Node's own way of making several never ends there.
    const inProc = await bench.ends(bench.working("--state-dir", "/proc/kinglet/state"));
    expectFault(inProc, 3, "KINGLET_ERR_KINGLET_STATE_DIR", "/proc/kinglet/state");
  });

  it("refuses a profile folder that is missing, and one that is a file", async () => {
    const store = ["--profile-store", "directory", "--profile-dir"];
    expectFault(
      await bench.ends(bench.working(...store, bench.folder.file("none"))),
      3,
      "KINGLET_ERR_STORAGE_CLIENT",
      bench.folder.file("none"),
    );
    expectFault(await bench.ends(bench.working(...store, bench.events)), 3, "KINGLET_ERR_STORAGE_CLIENT", bench.events);
  });

  it("says that a port is in use", async () => {
    const { server, port } = await takePort();
    try {
      const bind = `127.0.0.1:${String(port)}`;
      expectFault(
        await bench.ends(bench.working("--metrics-bind", bind)),
        1,
        "KINGLET_ERR_ENDPOINTS_PORT_IN_USE",
        bind,
      );
      expectFault(await bench.ends(bench.working("--debug-bind", bind)), 1, "KINGLET_ERR_ENDPOINTS_PORT_IN_USE", bind);
    } finally {
      server.close();
    }
  });

  it("refuses an address that is none, or not this machine's", async () => {
    expectFault(
      await bench.ends(bench.working("--metrics-bind", "everywhere")),
      2,
      "KINGLET_ERR_ENDPOINTS_BIND",
      "everywhere",
    );
    expectFault(
      await bench.ends(bench.working("--metrics-bind", "203.0.113.1:8080")),
      2,
      "KINGLET_ERR_ENDPOINTS_ADDRESS",
      "203.0.113.1",
    );
  });

  it("opens the debug listener off loopback only with a token, and asks for it there", async () => {
    expectFault(
      await bench.ends(bench.working("--debug-bind", "0.0.0.0:0")),
      2,
      "KINGLET_ERR_ENDPOINTS_DEBUG_EXPOSED",
      "0.0.0.0",
    );
    const tokenFile = bench.folder.file("token");
    const token = "a-token-of-enough-characters";
    await writeFile(tokenFile, "short");
    expectFault(
      await bench.ends(bench.working("--debug-token-file", tokenFile)),
      3,
      "KINGLET_ERR_ENDPOINTS_TOKEN_FILE",
      tokenFile,
    );
    await writeFile(tokenFile, token, { mode: 0o600 });
    await using sensor = await bench.start({ args: ["--debug-token-file", tokenFile, "--log-level", "debug"] });
    await sensor.ready();
    expect((await sensor.debug("/debug/events")).status).toBe(401);
    expect(sensor.stderr()).not.toContain(token);
  });
});
