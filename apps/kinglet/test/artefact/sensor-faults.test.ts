import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { openKubeSim } from "@kinglet/kube-sim";
import { openSimCluster, openTempDir, TetragonLineWriter, waitFor, type SimClusterFixture, type TempDir } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SensorProcess, type SensorOptions } from "../e2e/sensor-process.ts";
import { addWorkload, executes, nodeName, prepareShop } from "../e2e/shop.ts";
import { bundlePath, executablePath, runToEnd, type Ended } from "./built-program.ts";

const program = existsSync(executablePath) ? executablePath : bundlePath;
const isRoot = process.getuid?.() === 0;
/** `nobody`: a user that owns nothing. */
const nobody = 65534;

let fixture: SimClusterFixture;
let folder: TempDir;
let events: string;

beforeAll(async () => {
  fixture = await openSimCluster({ tokens: { "wrong-later": { name: "short-lived", groups: [] } } });
});
afterAll(() => fixture[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = await openTempDir("kinglet faults ");
  events = folder.file("tetragon.log");
  await writeFile(events, "");
});
afterEach(() => folder[Symbol.asyncDispose]());

/** Starts a sensor that is expected to go on. */
function start(options: Partial<SensorOptions> & { readonly args?: readonly string[] } = {}): Promise<SensorProcess> {
  return SensorProcess.start({
    folder: folder.path,
    kubeconfig: fixture.kubeconfigPath,
    tetragonFile: events,
    ...options,
    args: ["--node-name", nodeName, ...(options.args ?? [])],
  });
}

/** Runs a sensor that is expected to end by itself. */
async function ends(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const link = folder.file("sensor");
  if (!existsSync(link)) await symlink(program, link);
  const command = program.endsWith(".cjs") ? [process.execPath, link] : [link];
  return runToEnd(command[0] ?? "", [...command.slice(1), ...args], { env: { PATH: "/usr/bin:/bin", ...env } });
}

/** Arguments with which a sensor runs, where the later ones win. */
function working(...args: readonly string[]): readonly string[] {
  return [
    ...["--kubeconfig", fixture.kubeconfigPath, "--node-name", nodeName, "--tetragon-file", events, "--state-dir", folder.file("state")],
    ...["--metrics-bind", "127.0.0.1:0", "--debug-bind", "127.0.0.1:0", ...args],
  ];
}

/** The lines of standard error that are not mere information. */
function faults(ended: Ended): readonly string[] {
  return ended.stderr.split("\n").filter((line) => line !== "" && !line.includes('"level":"info"'));
}

/** Expects one line with this code, and nothing on standard output. */
function expectFault(ended: Ended, exitCode: number, code: string, ...contains: readonly string[]): void {
  expect({ code: ended.code, stdout: ended.stdout, stderr: ended.stderr }).toMatchObject({ code: exitCode, stdout: "" });
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
  const config = JSON.parse(await readFile(fixture.kubeconfigPath, "utf8")) as KubeconfigParts;
  change(config);
  const path = folder.file("kubeconfig");
  await writeFile(path, JSON.stringify(config));
  return path;
}

interface KubeconfigParts {
  clusters: [{ cluster: Record<string, string> }];
  users: [{ user: Record<string, string> }];
  "current-context"?: string;
}

describe("sensor settings", () => {
  it("reports all wrong settings at once, each with its origin and what is permitted, and ends with 2", async () => {
    const ended = await ends(
      ["--scope", "galaxy", "--profile-refresh", "10ms", "--tetragn-file", "x", "--output=xml", "--ignore-namespaces", "a".repeat(64)],
      { KINGLET_LOG_LEVEL: "loud" },
    );
    expect([ended.code, ended.stdout]).toEqual([2, ""]);
    const lines = ended.stderr.trimEnd().split("\n");
    expect(lines.at(-1)).toContain("--help");
    const problems = lines.slice(0, -1);
    expect(problems.every((line) => line.startsWith("sensor: KINGLET_ERR_SETTINGS_INVALID: "))).toBe(true);
    const about = (text: string): string => problems.find((line) => line.includes(text)) ?? `nothing about ${text} in:\n${ended.stderr}`;
    expect(about("galaxy")).toMatch(/scope.*node.*cluster/);
    expect(about("profileRefresh")).toMatch(/1000|1s/);
    expect(about("profileRefresh")).toMatch(/86400000|24h/);
    expect(about("tetragn-file")).toContain("tetragon-file");
    expect(about("xml")).toMatch(/auto.*json.*text/);
    expect(about("ignoreNamespaces")).toContain("63");
    expect(about("loud")).toMatch(/KINGLET_LOG_LEVEL/);
    expect(problems).toHaveLength(6);
  });

  it("wants a node name with the scope of a node, and a folder with the store of one", async () => {
    const ended = await ends(["--profile-store", "directory"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^sensor: nodeName: .*--node-name.*NODE_NAME/m);
    expect(ended.stderr).toMatch(/^sensor: profileDir: .*--profile-dir/m);
  });

  it("takes flags before the environment, the environment before the file, the file before defaults, and says so", async () => {
    const file = folder.file("kinglet.yaml");
    await writeFile(file, "clusterName: from-file\nlogLevel: debug\nscope: cluster\nignoreNamespaces:\n  - one\n  - two\n");
    const args = ["--config", file, "--log-level", "warn"];
    const env = { KINGLET_SCOPE: "node", NODE_NAME: "node-b", KINGLET_LOG_LEVEL: "error" };
    const text = await ends([...args, "--print-config"], env);
    expect(text, text.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/clusterName.*from-file.*kinglet\.yaml/);
    expect(text.stdout).toMatch(/logLevel.*warn.*--log-level/);
    expect(text.stdout).toMatch(/scope.*node.*KINGLET_SCOPE/);
    expect(text.stdout).toMatch(/nodeName.*node-b.*NODE_NAME/);
    expect(text.stdout).toMatch(/startAt.*end.*default/);
    const json = await ends([...args, "--print-config", "--output", "json"], env);
    const shown = JSON.stringify(JSON.parse(json.stdout));
    for (const value of ["from-file", "node-b", "KINGLET_SCOPE", "two"]) expect(shown).toContain(value);
    // What was printed as text is a file again.
    const saved = folder.file("saved.yaml");
    await writeFile(saved, text.stdout);
    const again = await ends(["--config", saved, "--print-config", "--output", "json"]);
    const values = (printed: string): unknown => JSON.parse(printed, (key, value: unknown) => (key === "origin" || key === "source" ? undefined : value));
    expect(values(again.stdout)).toEqual(values(json.stdout));
  });

  it("warns of a variable that nobody reads, and goes on", async () => {
    await using sensor = await start({ env: { KINGLET_NODENAME: "typo" } });
    await sensor.ready();
    expect(sensor.stderr()).toMatch(/"level":"warn".*KINGLET_NODENAME/);
  });
});

describe("sensor with a kubeconfig that cannot be used", () => {
  it("names a missing file", async () => {
    expectFault(await ends(working("--kubeconfig", folder.file("nowhere"))), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", folder.file("nowhere"));
  });

  it("names a file that is no YAML", async () => {
    const path = folder.file("kubeconfig");
    await writeFile(path, "clusters: [unclosed\nusers: }");
    expectFault(await ends(working("--kubeconfig", path)), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", path);
  });

  it("names a file that is YAML and no kubeconfig", async () => {
    const path = folder.file("kubeconfig");
    await writeFile(path, "just a sentence\n");
    expectFault(await ends(working("--kubeconfig", path)), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", path);
  });

  it("names a folder", async () => {
    expectFault(await ends(working("--kubeconfig", folder.path)), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", folder.path);
  });

  it("says that the current context is missing, and that a named one is", async () => {
    const path = await kubeconfig((config) => delete config["current-context"]);
    expectFault(await ends(working("--kubeconfig", path)), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", path, "context");
    expectFault(await ends(working("--context", "elsewhere")), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", "elsewhere");
  });

  it("says that the authority is no certificate", async () => {
    const path = await kubeconfig((config) => {
      config.clusters[0].cluster["certificate-authority-data"] = Buffer.from("no certificate").toString("base64");
    });
    expectFault(await ends(working("--kubeconfig", path)), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", "certificate-authority-data");
  });

  it("says that there is none, and where it looked", async () => {
    const args = ["--node-name", nodeName, "--tetragon-file", events, "--state-dir", folder.file("state"), "--metrics-bind", "127.0.0.1:0"];
    const ended = await ends([...args, "--debug-bind", "127.0.0.1:0"], { HOME: folder.path });
    expectFault(ended, 3, "KINGLET_ERR_KUBE_CLIENT_NO_CONFIG", "KUBECONFIG", folder.path);
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

  it("waits for one that is not there, says why, and is ready once it comes", async () => {
    const { server, port } = await takePort();
    await new Promise((resolve) => server.close(resolve));
    const path = await kubeconfig((config) => {
      config.clusters[0].cluster["server"] = `https://127.0.0.1:${String(port)}`;
    });
    await using sensor = await start({ kubeconfig: path });
    const reason = await readyReason(sensor, /no answer from the API server/);
    expect(reason).toContain(`https://127.0.0.1:${String(port)}`);
    expect(reason).toContain("ECONNREFUSED");
    expect((await sensor.http("/livez")).status).toBe(200);
    await using sim = await openKubeSim({ port });
    await writeFile(path, JSON.stringify(sim.kubeconfig()));
    expect(await sensor.stop()).toBe(0);
    await using again = await start({ kubeconfig: path });
    await again.ready();
  });

  it("becomes ready by itself when the API comes back", async () => {
    await using sim = await openKubeSim();
    const port = Number(new URL(sim.server).port);
    sim.faults.add({ match: { resource: "pods" }, action: { kind: "status", code: 503 }, times: 3 });
    const path = folder.file("sim-kubeconfig");
    await writeFile(path, JSON.stringify(sim.kubeconfig()));
    await using sensor = await start({ kubeconfig: path });
    await readyReason(sensor, new RegExp(`127\\.0\\.0\\.1:${String(port)}.*the server failed \\(503\\)`));
    await sensor.ready();
  });

  it("waits with a reason when the server's certificate is of another authority", async () => {
    await using other = await openKubeSim();
    const path = await kubeconfig((config) => {
      config.clusters[0].cluster["certificate-authority-data"] = Buffer.from(other.caPem).toString("base64");
    });
    await using sensor = await start({ kubeconfig: path });
    expect(await readyReason(sensor, /certificate was not accepted/)).toContain(fixture.server);
    expect(await sensor.stop()).toBe(0);
  });

  it("waits with a reason when its token is refused, and never says the token", async () => {
    const token = "not-the-token-0123456789";
    const path = await kubeconfig((config) => {
      config.users[0].user["token"] = token;
    });
    await using sensor = await start({ kubeconfig: path, args: ["--log-level", "debug"] });
    const reason = await readyReason(sensor, /credentials were not accepted/);
    expect(reason).toContain(fixture.server);
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
    await using sensor = await start({ kubeconfig: path, args: ["--scope", "cluster"] });
    await readyReason(sensor, /no answer from the API server/);
    const before = performance.now();
    expect(await sensor.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it("stops within ten seconds while a request hangs", async () => {
    await using sim = await openKubeSim();
    const fault = sim.faults.add({ match: { resource: "pods" }, action: { kind: "hang" } });
    const path = folder.file("sim-kubeconfig");
    await writeFile(path, JSON.stringify(sim.kubeconfig()));
    await using sensor = await start({ kubeconfig: path });
    await waitFor(() => fault.hits > 0, { describe: "the list to hang" });
    const before = performance.now();
    expect(await sensor.stop("SIGINT")).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe("sensor inside a cluster", () => {
  it("uses the service account of its pod, never watches its own namespace, and reads a renewed token", async () => {
    await prepareShop(fixture, "own");
    const own = await addWorkload(fixture, "own", "kinglet");
    const account = folder.file("serviceaccount");
    await mkdir(account);
    await writeFile(join(account, "ca.crt"), fixture.caPem);
    await writeFile(join(account, "token"), `${fixture.adminToken}\n`);
    await writeFile(join(account, "namespace"), "own");
    const { hostname, port } = new URL(fixture.server);
    await using sensor = await SensorProcess.start({
      folder: folder.path,
      tetragonFile: events,
      env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, KINGLET_SERVICE_ACCOUNT_DIR: account, NODE_NAME: nodeName },
    });
    await sensor.ready();
    await writeFile(events, `${executes(own, "/usr/bin/id").line}\n`, { flag: "a" });
    await waitFor(async () => (await sensor.metric('kinglet_sensor_executions_total{outcome="ignored"}')) === 1, {
      describe: "the execution of the own namespace to be passed over",
    });
    expect(sensor.stdout()).toBe("");
    expect(await sensor.stop()).toBe(0);
  });

  it("names what is missing of the service account", async () => {
    const args = working().slice(2);
    const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1", KINGLET_SERVICE_ACCOUNT_DIR: folder.file("none") };
    expectFault(await ends(args, env), 3, "KINGLET_ERR_KUBE_CLIENT_CONFIG", folder.file("none/ca.crt"));
    await mkdir(folder.file("none"));
    await writeFile(folder.file("none/ca.crt"), fixture.caPem);
    expectFault(await ends(args, env), 3, "KINGLET_ERR_KUBE_CLIENT_CREDENTIALS", folder.file("none/token"));
  });
});

describe("sensor with an event file that is not as expected", () => {
  it("waits for a missing one, says so, and reads it from its beginning once it appears", async () => {
    await rm(events);
    await prepareShop(fixture, "late-file");
    const cart = await addWorkload(fixture, "late-file", "cart");
    await using sensor = await start({ startAt: "end" });
    await sensor.ready();
    const health = async (): Promise<{ readonly connected: boolean; readonly reason: string }> =>
      (JSON.parse((await sensor.debug("/debug/events")).text) as { readonly source: { connected: boolean; reason: string } }).source;
    await waitFor(async () => !(await health()).connected && (await health()).reason.includes(events), {
      describe: "the reason to name the file",
    });
    const bad = executes(cart, "/usr/bin/id");
    await writeFile(events, `${bad.line}\n`);
    await sensor.alert((alert) => alert.process.execId === bad.execId, "of the first line of the new file");
    await waitFor(async () => (await health()).connected, { describe: "the file to be followed" });
  });

  it("refuses a folder", async () => {
    expectFault(await ends(working("--tetragon-file", folder.path)), 3, "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE", folder.path);
  });

  it.skipIf(!isRoot)(`refuses one that it may not read${isRoot ? "" : " [skipped: needs root to become another user]"}`, async () => {
    await using sensor = await startAsNobody();
    expect(await sensor.ended).toBe(3);
    expect(sensor.stderr()).toContain("KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE");
    expect(sensor.stderr()).toContain(events);
  });
});

/** A sensor as a user that cannot read the event file. */
async function startAsNobody(): Promise<SensorProcess> {
  const copy = folder.file(program.endsWith(".cjs") ? "kinglet.cjs" : "kinglet");
  await copyFile(program, copy);
  await chmod(copy, 0o755);
  await chmod(folder.path, 0o777);
  await chmod(events, 0o600);
  const readable = folder.file("kubeconfig");
  await copyFile(fixture.kubeconfigPath, readable);
  await chmod(readable, 0o644);
  return start({ program: copy, user: nobody, kubeconfig: readable });
}

describe("sensor with folders and ports that cannot be used", () => {
  it("refuses a state folder that cannot be made", async () => {
    const ended = await ends(working("--state-dir", join(events, "below-a-file")));
    expectFault(ended, 3, "KINGLET_ERR_KINGLET_STATE_DIR", join(events, "below-a-file"));
  });

  it("refuses a profile folder that is missing, and one that is a file", async () => {
    const store = ["--profile-store", "directory", "--profile-dir"];
    expectFault(await ends(working(...store, folder.file("none"))), 3, "KINGLET_ERR_STORAGE_CLIENT", folder.file("none"));
    expectFault(await ends(working(...store, events)), 3, "KINGLET_ERR_STORAGE_CLIENT", events);
  });

  it("says that a port is in use", async () => {
    const { server, port } = await takePort();
    try {
      const bind = `127.0.0.1:${String(port)}`;
      expectFault(await ends(working("--metrics-bind", bind)), 1, "KINGLET_ERR_ENDPOINTS_PORT_IN_USE", bind);
      expectFault(await ends(working("--debug-bind", bind)), 1, "KINGLET_ERR_ENDPOINTS_PORT_IN_USE", bind);
    } finally {
      server.close();
    }
  });

  it("refuses an address that is none, or not this machine's", async () => {
    expectFault(await ends(working("--metrics-bind", "everywhere")), 2, "KINGLET_ERR_ENDPOINTS_BIND", "everywhere");
    expectFault(await ends(working("--metrics-bind", "203.0.113.1:8080")), 2, "KINGLET_ERR_ENDPOINTS_ADDRESS", "203.0.113.1");
  });

  it("opens the debug listener off loopback only with a token, and asks for it there", async () => {
    expectFault(await ends(working("--debug-bind", "0.0.0.0:0")), 2, "KINGLET_ERR_ENDPOINTS_DEBUG_EXPOSED", "0.0.0.0");
    const tokenFile = folder.file("token");
    const token = "a-token-of-enough-characters";
    await writeFile(tokenFile, "short");
    expectFault(await ends(working("--debug-token-file", tokenFile)), 3, "KINGLET_ERR_ENDPOINTS_TOKEN_FILE", tokenFile);
    await writeFile(tokenFile, token, { mode: 0o600 });
    await using sensor = await start({ args: ["--debug-token-file", tokenFile, "--log-level", "debug"] });
    await sensor.ready();
    expect((await sensor.debug("/debug/events")).status).toBe(401);
    expect(sensor.stderr()).not.toContain(token);
  });
});

describe("sensor and signals", () => {
  it("drains and ends with 0 while nobody reads its alerts, and repeats none and loses none afterwards", async () => {
    await prepareShop(fixture, "stalled");
    const cart = await addWorkload(fixture, "stalled", "cart");
    const writer = new TetragonLineWriter(events);
    const wanted: string[] = [];
    for (let index = 0; index < 1500; index += 1) {
      const { line, execId } = executes(cart, `/tmp/dropper-${String(index)}`, "x".repeat(400));
      wanted.push(execId);
      await writer.write(line);
    }
    await writer.close();
    const stalled = await start({ stdout: "unread" });
    await stalled.ready();
    await waitFor(async () => (await stalled.metric("kinglet_alert_sinks_queued_alerts")) > 0, { describe: "alerts to queue up" });
    // Still answers although nobody reads its alerts.
    expect((await stalled.http("/livez")).status).toBe(200);
    const before = performance.now();
    expect(await stalled.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
    await waitFor(() => stalled.stdout().length > 0, { describe: "what was in the pipe" });
    const first = stalled.alerts().map((alert) => alert.process.execId);
    await using sensor = await start();
    await sensor.ready();
    await waitFor(() => new Set([...first, ...sensor.alerts().map((alert) => alert.process.execId)]).size >= wanted.length, {
      describe: () => `all alerts: ${String(first.length)} and ${String(sensor.alerts().length)} of ${String(wanted.length)}`,
      timeoutMs: 30_000,
    });
    const all = [...first, ...sensor.alerts().map((alert) => alert.process.execId)];
    expect(new Set(all)).toEqual(new Set(wanted));
    expect(all.length - wanted.length, "repeated alerts").toBeLessThanOrEqual(1);
  });

  it("goes on where it stalled when the reader comes back", async () => {
    await prepareShop(fixture, "slow");
    const cart = await addWorkload(fixture, "slow", "cart");
    const writer = new TetragonLineWriter(events);
    for (let index = 0; index < 1000; index += 1) await writer.write(executes(cart, `/tmp/slow-${String(index)}`, "x".repeat(400)).line);
    await writer.close();
    await using sensor = await start({ stdout: "unread" });
    await sensor.ready();
    await waitFor(async () => (await sensor.metric("kinglet_alert_sinks_queued_alerts")) > 0, { describe: "alerts to queue up" });
    sensor.readStdout();
    await waitFor(() => sensor.alerts().length >= 1000, { describe: () => `${String(sensor.alerts().length)} of 1000 alerts`, timeoutMs: 30_000 });
    expect(new Set(sensor.alerts().map((alert) => alert.process.execId)).size).toBe(1000);
    expect(sensor.alerts()).toHaveLength(1000);
  });

  it("ends with one line when its reader has gone, and writes what was not taken at the next start", async () => {
    await prepareShop(fixture, "gone");
    const cart = await addWorkload(fixture, "gone", "cart");
    const sensor = await start();
    await sensor.ready();
    sensor.closeStdout();
    const bad = executes(cart, "/usr/bin/id");
    await writeFile(events, `${bad.line}\n`, { flag: "a" });
    expect(await sensor.ended).toBe(1);
    const lines = sensor.stderr().split("\n").filter((line) => line.includes("KINGLET_ERR_KINGLET_STDOUT_CLOSED"));
    expect(lines).toHaveLength(1);
    await using again = await start();
    await again.alert((alert) => alert.process.execId === bad.execId, "that was not taken");
  });

  it("ends at the second signal, with 128 and its number", async () => {
    await using sim = await openKubeSim();
    const path = folder.file("sim-kubeconfig");
    await writeFile(path, JSON.stringify(sim.kubeconfig()));
    await using fixtureOfSim = await openSimCluster();
    await prepareShop(fixtureOfSim, "twice");
    const cart = await addWorkload(fixtureOfSim, "twice", "cart");
    const writer = new TetragonLineWriter(events);
    for (let index = 0; index < 1500; index += 1) await writer.write(executes(cart, `/tmp/x-${String(index)}`, "x".repeat(400)).line);
    await writer.close();
    // Nobody reads the alerts, so that the drain takes its time.
    await using sensor = await start({ kubeconfig: fixtureOfSim.kubeconfigPath, stdout: "unread" });
    await sensor.ready();
    await waitFor(async () => (await sensor.metric("kinglet_alert_sinks_queued_alerts")) > 0, { describe: "alerts to queue up" });
    sensor.signal("SIGTERM");
    await waitFor(() => sensor.stderr().includes('"stopping"'), { describe: "the stop to begin" });
    const before = performance.now();
    expect(await sensor.stop("SIGINT")).toBe(130);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it("does not open the inspector at SIGUSR1", async () => {
    await using sensor = await start();
    await sensor.ready();
    sensor.signal("SIGUSR1");
    sensor.signal("SIGUSR1");
    expect((await sensor.http("/livez")).status).toBe(200);
    expect(sensor.stderr()).not.toMatch(/Debugger listening|ws:\/\//);
    const listening = await listeningPorts(sensor.pid);
    expect(listening).toHaveLength(2);
    expect(await sensor.stop()).toBe(0);
  });

  it("refuses a heap snapshot at SIGUSR2 without a folder for it, with the reason", async () => {
    await using sensor = await start();
    await sensor.ready();
    sensor.signal("SIGUSR2");
    await waitFor(() => sensor.stderr().includes("KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DIR_UNSET"), { describe: () => `the reason:\n${sensor.stderr()}` });
    expect((await sensor.http("/livez")).status).toBe(200);
    expect(await sensor.stop()).toBe(0);
  });

  it("writes a heap snapshot at SIGUSR2 that only its user can read", async () => {
    const target = folder.file("snapshots");
    await mkdir(target);
    await using sensor = await start({ args: ["--snapshot-dir", target] });
    await sensor.ready();
    sensor.signal("SIGUSR2");
    await waitFor(() => sensor.stderr().includes("heap snapshot written"), { describe: () => `the snapshot:\n${sensor.stderr()}`, timeoutMs: 30_000 });
    const path = /"path":"([^"]+\.heapsnapshot)"/.exec(sensor.stderr())?.[1] ?? "";
    expect(path.startsWith(target)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await sensor.stop()).toBe(0);
  });
});

describe("sensor output", () => {
  it("writes nothing but alerts to standard output: every line is one JSON object", async () => {
    await prepareShop(fixture, "pure");
    const cart = await addWorkload(fixture, "pure", "cart");
    await using sensor = await start({ args: ["--log-level", "debug"] });
    await sensor.ready();
    const writer = new TetragonLineWriter(events);
    await writer.write("no json at all", "{}", "", '{"process_new":{}}');
    for (let index = 0; index < 20; index += 1) await writer.write(executes(cart, `/tmp/line\nbreak\u001b[2J-${String(index)}`).line);
    await writer.close();
    await waitFor(() => sensor.stdout().split("\n").length > 20, { describe: "20 lines" });
    expect(await sensor.stop()).toBe(0);
    const lines = sensor.stdout().trimEnd().split("\n");
    expect(lines).toHaveLength(20);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ ruleId: "R0001" });
    expect(sensor.stdout()).not.toContain("\u001b");
    for (const line of sensor.stderr().trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("level");
  });
});

/** Ports of TCP on which a process listens. */
async function listeningPorts(pid: number): Promise<readonly string[]> {
  const { readdir, readlink } = await import("node:fs/promises");
  const own = new Set<string>();
  for (const fd of await readdir(`/proc/${String(pid)}/fd`)) {
    const target = await readlink(`/proc/${String(pid)}/fd/${fd}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) own.add(inode);
  }
  const rows = (await readFile("/proc/net/tcp", "utf8")).trim().split("\n").slice(1).map((row) => row.trim().split(/\s+/));
  return rows.filter((row) => row[3] === "0A" && own.has(row[9] ?? "")).map((row) => row[1] ?? "");
}
