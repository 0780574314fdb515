import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { readdir, readFile, stat } from "node:fs/promises";
import type { Alert } from "@kinglet/detection";
import { apiCall, freePort, openSimCluster, waitFor, type SimClusterFixture } from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LearningBench } from "./learning-bench.ts";
import { addWorkload, executes } from "./shop.ts";

let fixture: SimClusterFixture;
let bench: LearningBench;

beforeEach(async () => {
  fixture = await openSimCluster();
  bench = await LearningBench.open(fixture, "shop");
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  await fixture[Symbol.asyncDispose]();
});

/** Takes alerts as Alertmanager does. */
function receiver(port: number): Promise<{ readonly server: Server; readonly alerts: Record<string, string>[] }> {
  const alerts: Record<string, string>[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    request.on("end", () => {
      for (const { labels } of JSON.parse(text) as { readonly labels: Record<string, string> }[]) alerts.push(labels);
      response.end("{}");
    });
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve({ server, alerts })));
}

describe("alerts of the sensor", () => {
  it("pass as often as told and are held back then, by what the rule takes for the same [component 23]", async () => {
    const cart = await addWorkload(fixture, "shop", "cart");
    await using sensor = await bench.start({ holdsBack: true, args: ["--alert-cooldown-after", "10", "--no-learn"] });
    for (let times = 0; times < 20; times++) await bench.execute(cart, "/usr/bin/nc");
    await bench.execute(cart, "/usr/bin/curl");
    await bench.settled(sensor, 21);
    const binaries = sensor.alerts().map(({ process }) => process.binary);
    expect(binaries.filter((binary) => binary === "/usr/bin/nc")).toHaveLength(10);
    expect(binaries.filter((binary) => binary === "/usr/bin/curl")).toHaveLength(1);
    expect(await sensor.metric('kinglet_sensor_alerts_held_back_total{reason="cooldown"}')).toBe(10);
  });

  it("of a flood become the budget of its namespace and one summary; others notice nothing", async () => {
    await apiCall(fixture, "POST", "/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "quiet" },
    });
    const cart = await addWorkload(fixture, "shop", "cart");
    const quiet = await addWorkload(fixture, "quiet", "cart");
    await using sensor = await bench.start({ holdsBack: true, args: ["--alert-budget", "5", "--no-learn"] });
    const lines = Array.from({ length: 300 }, (_, at) => executes(cart, `/tmp/bin-${String(at)}`).line);
    await bench.events.write(...lines);
    await bench.execute(quiet, "/usr/bin/nc");
    await bench.settled(sensor, 301);
    expect(sensor.alerts().filter(({ namespace }) => namespace === "shop")).toHaveLength(5);
    expect(sensor.alerts().filter(({ namespace }) => namespace === "quiet")).toHaveLength(1);
    // The end tells what is not told yet.
    expect(await sensor.stop()).toBe(0);
    const summaries = sensor.alerts().filter(({ ruleId }) => ruleId === "KINGLET-BUDGET");
    expect(summaries).toMatchObject([
      { namespace: "shop", message: expect.stringContaining("295 more alerts") as string },
    ]);
  });

  it("of a flood do not hide what else happens in the namespace, on standard output and at a receiver with a limit", async () => {
    const port = await freePort();
    const told: string[] = [];
    const server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      request.on("end", () => {
        told.push(...(text.match(/"ruleID":"[^"]*"/g) ?? []));
        response.end("{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const cart = await addWorkload(fixture, "shop", "cart");
    const args = ["--no-learn", "--export-http", `http://127.0.0.1:${String(port)}`];
    await using sensor = await bench.start({ holdsBack: true, args });
    const paths = [...Array.from({ length: 150 }, (_, at) => `/tmp/bin-${String(at)}`), "/dev/shm/x", "/dev/shm/y"];
    await bench.events.write(...paths.map((path) => executes(cart, path).line));
    await bench.settled(sensor, 152);
    expect(sensor.alerts().map(({ process }) => process.binary)).toEqual([...paths.slice(0, 100), "/dev/shm/x"]);
    expect(await sensor.stop()).toBe(0);
    const summaries = sensor.alerts().filter(({ ruleId }) => ruleId === "KINGLET-BUDGET");
    expect(summaries).toMatchObject([
      { severity: 8, message: expect.stringMatching(/^53 more .* \(R0001: 52, R1000: 1\)$/) as string },
    ]);
    expect(told.filter((rule) => rule !== '"ruleID":"R0001"')).toEqual([
      '"ruleID":"R1000"',
      '"ruleID":"KINGLET-BUDGET"',
    ]);
    server.closeAllConnections();
    server.close();
  });

  it("that are held back are counted in the summary also when the sensor is killed before it tells", async () => {
    const cart = await addWorkload(fixture, "shop", "cart");
    const args = ["--alert-budget", "5", "--no-learn"];
    const seen = new Map<string, string>();
    const summaries: Alert[] = [];
    const collect = (alerts: readonly Alert[]): void => {
      for (const alert of alerts) {
        if (alert.ruleId === "KINGLET-BUDGET") summaries.push(alert);
        else seen.set(alert.uniqueId, alert.process.binary);
      }
    };
    let written = 0;
    const flood = (count: number): Promise<void> =>
      bench.events.write(
        ...Array.from({ length: count }, () => executes(cart, `/tmp/bin-${String((written += 1))}`).line),
      );
    {
      await using sensor = await bench.start({ holdsBack: true, args });
      await flood(150);
      await bench.settled(sensor, 150);
      await flood(150);
      // In the midst of them.
      await sensor.stop("SIGKILL");
      collect(sensor.alerts());
    }
    {
      await using sensor = await bench.start({ holdsBack: true, args });
      await bench.settled(sensor, 0);
      await sensor.stop("SIGKILL");
      collect(sensor.alerts());
    }
    // The window of the first one goes on.
    await using last = await bench.start({ holdsBack: true, args });
    await flood(10);
    await waitFor(async () => (await last.metric('kinglet_sensor_alerts_held_back_total{reason="budget"}')) >= 10, {
      describe: () => `the last ten to be held back\n${last.stderr()}`,
    });
    expect(await last.stop()).toBe(0);
    collect(last.alerts());
    expect(seen.size).toBe(5);
    expect(summaries).toMatchObject([
      { namespace: "shop", message: expect.stringContaining("305 more alerts of namespace shop") as string },
    ]);
    expect(await readdir(bench.folder.file("state"))).not.toContain("held-back.journal");
  });

  it("reach a receiver that was away while the sensor was killed, each of them, in order", async () => {
    const port = await freePort();
    const cart = await addWorkload(fixture, "shop", "cart");
    const args = ["--no-learn", "--export-alertmanager", `http://127.0.0.1:${String(port)}`];
    const told: string[] = [];
    for (let round = 0; round < 3; round++) {
      await using sensor = await bench.start({ args });
      const lines = Array.from({ length: 40 }, (_, at) => executes(cart, `/tmp/round-${String(round)}-${String(at)}`));
      await bench.events.write(...lines.map(({ line }) => line));
      // Confirmed means here that it is on disk for the receiver, too.
      await bench.settled(sensor, 40);
      const waiting = await sensor.metric('kinglet_alert_sinks_exporter_waiting_alerts{sink="alertmanager"}');
      expect(waiting).toBe(40 * (round + 1));
      await sensor.stop(round === 1 ? "SIGTERM" : "SIGKILL");
      told.push(...sensor.alerts().map(({ uniqueId }) => uniqueId));
    }
    expect(told).toHaveLength(120);
    const { server, alerts } = await receiver(port);
    try {
      await using sensor = await bench.start({ args });
      await waitFor(() => alerts.length >= 120, { describe: () => `all alerts at the receiver\n${sensor.stderr()}` });
      expect(await sensor.stop()).toBe(0);
      expect(sensor.stderr()).toContain("alerts of an earlier run wait for their receiver");
    } finally {
      server.closeAllConnections();
      server.close();
    }
    expect(alerts.map((labels) => labels["unique_id"])).toEqual(told);
    const [spool = ""] = await readdir(bench.folder.file("state/alerts/alertmanager"));
    expect((await stat(bench.folder.file(`state/alerts/alertmanager/${spool}`))).size).toBe(0);
  });

  it("reach receivers that come late, and standard output does not wait for them", async () => {
    const port = await freePort();
    const csv = bench.folder.file("alerts.csv");
    const cart = await addWorkload(fixture, "shop", "cart");
    await using sensor = await bench.start({
      args: ["--no-learn", "--export-alertmanager", `http://127.0.0.1:${String(port)}`, "--export-csv", csv],
    });
    await bench.execute(cart, "/usr/bin/nc", "/usr/bin/curl");
    await bench.settled(sensor, 2);
    expect(sensor.alerts()).toHaveLength(2);
    expect(await sensor.metric('kinglet_alert_sinks_exporter_waiting_alerts{sink="alertmanager"}')).toBe(2);
    const { server, alerts } = await receiver(port);
    try {
      await waitFor(() => alerts.length === 2, { describe: "both alerts at the receiver", timeoutMs: 20_000 });
    } finally {
      server.closeAllConnections();
      server.close();
    }
    expect(alerts.map((labels) => [labels["rule_id"], labels["comm"], labels["fail_on_profile"]])).toEqual([
      ["R0001", "nc", "true"],
      ["R0001", "curl", "true"],
    ]);
    expect((await readFile(csv, "utf8")).trim().split("\n")).toHaveLength(3);
    expect(await sensor.stop()).toBe(0);
  });

  it("on a command line of 60 KB fit into one line of a container's log, and say what is cut [rules T-1] [rules T-2]", async () => {
    const cart = await addWorkload(fixture, "shop", "cart");
    await using sensor = await bench.start({ args: ["--no-learn"] });
    const args = `-c ${"a-word ".repeat(8_570)}end`;
    await bench.events.write(executes(cart, "/usr/bin/nc", args).line);
    await bench.settled(sensor, 1);
    const [alert] = sensor.alerts();
    // As container runtimes cut lines.
    expect(Buffer.byteLength(JSON.stringify(alert))).toBeLessThan(16_384);
    expect(alert?.process.args).toMatch(/^-c a-word .*\.\.\. \[cut: 59996 characters\]$/);
    expect(alert?.allowedBy).toMatchObject({ path: "spec.execs", isShortened: true });
    const entry = alert?.allowedBy?.entry as { readonly args: readonly string[] } | undefined;
    expect([entry?.args.length, entry?.args.at(-1)]).toEqual([256, "\u22ef\u22ef"]);
  });

  it("come only from rules that are bound to the pod, and from rules of the API as soon as they are there [component 07]", async () => {
    const cart = await addWorkload(fixture, "shop", "cart");
    const other = await addWorkload(fixture, "shop", "other");
    const group = "/apis/kubescape.io/v1";
    await apiCall(fixture, "POST", `${group}/runtimerulealertbindings`, {
      apiVersion: "kubescape.io/v1",
      kind: "RuntimeRuleAlertBinding",
      metadata: { name: "cart-only" },
      spec: {
        podSelector: { matchLabels: { app: "cart" } },
        rules: [{ ruleID: "R0001", severity: "9" }, { ruleID: "T0001" }],
      },
    });
    await using sensor = await bench.start({ args: ["--no-learn"] });
    await bench.execute(other, "/usr/bin/nc");
    await bench.execute(cart, "/usr/bin/nc");
    await bench.settled(sensor, 2);
    expect(sensor.alerts().map(({ workloadName, severity }) => [workloadName, severity])).toEqual([["cart", 9]]);
    await apiCall(fixture, "POST", `${group}/namespaces/shop/rules`, {
      apiVersion: "kubescape.io/v1",
      kind: "Rules",
      metadata: { name: "ours", namespace: "shop" },
      spec: {
        rules: [
          {
            enabled: true,
            id: "T0001",
            name: "Tea",
            description: "tea is made",
            expressions: {
              message: "'tea: ' + event.exepath",
              uniqueId: "event.exepath",
              ruleExpression: [{ eventType: "exec", expression: "event.exepath.endsWith('/tea')" }],
            },
            profileDependency: 2,
            severity: 3,
            supportPolicy: false,
            isTriggerAlert: false,
            mitreTactic: "TA0002",
            mitreTechnique: "T1059",
            tags: ["test"],
          },
        ],
      },
    });
    await waitFor(
      async () => {
        await bench.execute(cart, "/bin/tea");
        await bench.execute(other, "/bin/tea");
        return sensor.alerts().some(({ ruleId }) => ruleId === "T0001");
      },
      { describe: "an alert of the new rule", timeoutMs: 15_000, intervalMs: 200 },
    );
    const tea = sensor.alerts().find(({ ruleId }) => ruleId === "T0001");
    expect(tea).toMatchObject({ workloadName: "cart", message: "tea: /bin/tea", severity: 3 });
    expect(tea?.allowedBy).toBeUndefined();
    expect(sensor.alerts().every(({ workloadName }) => workloadName === "cart")).toBe(true);
  });
});
