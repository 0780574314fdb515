import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { apiCall, apiRequest, containerProfilesPath, waitFor, type ClusterFixture } from "@kinglet/testing";
import type { Alert } from "@kinglet/detection";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ComponentActs } from "./component-acts.ts";
import { ComponentReceiver } from "./component-receiver.ts";
import { ComponentShop } from "./component-shop.ts";
import { LearningBench } from "./learning-bench.ts";
import type { SensorProcess } from "./sensor-process.ts";
import { addWorkload, permitted, profileNameOf, type ShopWorkload } from "./shop.ts";

const deploy = join(import.meta.dirname, "../../../../deploy");
const bindings = "/apis/kubescape.io/v1/runtimerulealertbindings";
const overlays = "/apis/spdx.softwarecomposition.kubescape.io/v1beta1/namespaces";

/** Whether an alert of each rule says that the container broke its profile. */
const malicious: Readonly<Record<string, boolean>> = {
  R0001: true,
  R0002: true,
  R0003: true,
  R0004: true,
  R0005: true,
  R0006: true,
  R0007: true,
  R0008: true,
  R0009: true,
  R0010: true,
  R0011: true,
  R0040: true,
  R1000: false,
  R1002: false,
  R1004: true,
  R1005: false,
  R1006: true,
  R1008: false,
  R1009: true,
  R1010: true,
  R1012: true,
  R1015: false,
  R1030: true,
};

/** What an operator of node sensors tests in a cluster, with the built program against whatever API server `open` gives; times are scaled. */
export function componentSuite(title: string, open: () => Promise<ClusterFixture>, isSkipped = false): void {
  describe.skipIf(isSkipped)(title, () => {
    let fixture: ClusterFixture;
    let bench: LearningBench;
    let tests = 0;
    let sentinels = 0;
    const acts = new ComponentActs();

    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      tests += 1;
      bench = await LearningBench.open(fixture, `component-${String(tests)}`);
    });
    afterEach(() => bench[Symbol.asyncDispose]());

    /** The alerts that these doings raise: waits until the rules have seen what comes after them. */
    async function alertsOn(
      sensor: SensorProcess,
      workload: ShopWorkload,
      ...lines: readonly string[]
    ): Promise<readonly Alert[]> {
      const before = sensor.alerts().length;
      sentinels += 1;
      const sentinel = `/sentinel/${String(sentinels)}`;
      await bench.events.write(...lines, acts.executes(workload, sentinel));
      await sensor.alert(
        ({ ruleId, process }) => ruleId === "R0001" && process.binary === sentinel,
        "the one that shows that all before it was judged",
      );
      return sensor
        .alerts()
        .slice(before)
        .filter(({ process }) => process.binary !== sentinel);
    }

    /** Rules and whether each alert says that the container broke its profile. */
    const rulesOf = (alerts: readonly Alert[]): readonly string[] =>
      alerts.map(({ ruleId, profileMetadata }) => `${ruleId} ${String(profileMetadata?.failOnProfile ?? false)}`);

    /** The rules of the pack, with that of opened files. @returns their folder. */
    async function writeRules(): Promise<string> {
      const folder = bench.folder.file("rules");
      await mkdir(folder);
      const pack = await readFile(join(deploy, "rules/default-rules.yaml"), "utf8");
      const files = "enabled: true\n      id: R0002";
      await writeFile(join(folder, "rules.yaml"), pack.replace(files.replace("true", "false"), files));
      return folder;
    }

    it("raises every rule that its sources feed over an application that does everything wrong [component 02]", async () => {
      const folder = await writeRules();
      await using receiver = await ComponentReceiver.open();
      await using sensor = await bench.start({
        args: ["--rules-dir", folder, "--export-alertmanager", receiver.url, "--learning-max-time", "2s"],
        env: { KUBERNETES_SERVICE_HOST: "10.96.0.1" },
      });
      const [app] = await bench.addPod("malicious", ["app"], { mounts: ["/data"] });
      const harmless = [
        acts.executes(app!, "/app", "--serve"),
        acts.opens(app!, "/etc/app.conf"),
        acts.opens(app!, "/run/app/own.sock"),
        acts.connects(app!, "203.0.113.9", 443),
        acts.asks(app!, "api.example.com"),
        acts.usesCapability(app!, "NET_BIND_SERVICE"),
        acts.usesSyscall(app!, 0),
      ];
      await bench.events.write(...harmless);
      await bench.learned(app!);
      await bench.active(sensor, app!);
      expect(sensor.alerts()).toEqual([]);
      expect(await alertsOn(sensor, app!, ...harmless)).toEqual([]);

      await bench.events.write(
        acts.executes(app!, "/app", "--something else"),
        acts.executes(app!, "/usr/bin/nc", "-l 4444"),
        acts.executes(app!, "/dev/shm/x"),
        acts.executes(app!, "/data/x"),
        acts.executes(app!, "/proc/self/fd/7"),
        acts.opens(app!, "/etc/passwd"),
        acts.opens(app!, "/etc/shadow", "/bin/cat"),
        acts.opens(app!, "/run/secrets/kubernetes.io/serviceaccount/token"),
        acts.opens(app!, "/proc/7/environ"),
        acts.usesSyscall(app!, 101),
        acts.usesCapability(app!, "SYS_ADMIN"),
        acts.asks(app!, "evil.example.net"),
        acts.asks(app!, "pool.minexmr.com", "/xmrig"),
        acts.connects(app!, "10.96.0.1", 443),
        acts.connects(app!, "198.51.100.7", 443),
        acts.connects(app!, "10.0.0.66", 3333, "/xmrig"),
        acts.links(app!, "soft", "/etc/shadow", "/tmp/one"),
        acts.links(app!, "hard", "/etc/sudoers", "/tmp/two"),
        acts.calls(app!, "__x64_sys_bpf", [{ bpf_cmd_arg: "BPF_PROG_LOAD" }, { uint_arg: 144, label: "size" }]),
        acts.calls(app!, "do_init_module", [{ module_arg: { name: "rootkit" } }]),
        acts.calls(app!, "__x64_sys_ptrace", [{ int_arg: 4, label: "request" }, { int_arg: 7 }]),
        acts.calls(app!, "__x64_sys_unshare", [{ int_arg: 0x10000000 }]),
        acts.calls(app!, "__x64_sys_io_uring_setup", [{ uint_arg: 8 }]),
      );
      const found = (): Readonly<Record<string, boolean>> =>
        Object.fromEntries(
          receiver.confirmed
            .map(({ ruleId, failOnProfile }) => [ruleId, failOnProfile === "true"] as const)
            .toSorted(([left], [right]) => left.localeCompare(right)),
        );
      await waitFor(
        () => Object.keys(malicious).every((id) => receiver.confirmed.some(({ ruleId }) => ruleId === id)),
        {
          describe: () => `every rule; there are ${JSON.stringify(found())}`,
          timeoutMs: 20_000,
        },
      );
      expect(found()).toEqual(malicious);
    });

    it("holds a binding whose entry names rules in two ways for invalid, and lets the others hold [component 07]", async () => {
      const cart = await addWorkload(fixture, bench.namespace, "cart");
      const side = await addWorkload(fixture, bench.namespace, "side");
      const binding = (name: string, podSelector: object, rules: readonly object[]): object => ({
        apiVersion: "kubescape.io/v1",
        kind: "RuntimeRuleAlertBinding",
        metadata: { name },
        spec: { namespaceSelector: {}, podSelector, rules },
      });
      const two = binding("two-ways", {}, [{ ruleID: "R0001", ruleName: "Unexpected process launched" }]);
      expect(await apiRequest(fixture, "POST", bindings, two)).toMatchObject({ status: 422 });
      const one = binding("one-way", { matchLabels: { app: "cart" } }, [{ ruleID: "R0001", severity: "9" }]);
      await apiCall(fixture, "POST", bindings, one);
      try {
        await using sensor = await bench.start();
        await bench.active(sensor, cart);
        await bench.active(sensor, side);
        await bench.events.write(acts.executes(side, "/dev/shm/x"));
        const alerts = await alertsOn(sensor, cart, acts.executes(cart, "/dev/shm/x"));
        expect(alerts).toMatchObject([{ ruleId: "R0001", severity: 9, podName: cart.podName }]);
      } finally {
        await apiCall(fixture, "DELETE", `${bindings}/one-way`);
      }
    });

    it("says nothing of a shop of eleven deployments that goes on with its business [component 09]", async () => {
      await using sensor = await bench.start({ args: ["--rules-dir", await writeRules()] });
      const shop = await ComponentShop.deploy(bench, acts);
      await bench.events.write(...shop.business());
      for (const workload of shop.workloads) {
        expect(await bench.learned(workload)).toMatchObject({ status: "completed", completion: "complete" });
        await bench.active(sensor, workload);
      }
      const [storefront] = shop.workloads;
      for (let round = 0; round < 3; round += 1) {
        expect(await alertsOn(sensor, storefront!, ...shop.business())).toEqual([]);
      }
      // The shop was watched all the while.
      expect(rulesOf(await alertsOn(sensor, storefront!, acts.opens(storefront!, "/etc/passwd")))).toEqual([
        "R0002 true",
      ]);
    });

    it("takes what people write beside a profile, and takes it away again [component 12] [component 13]", async () => {
      const cart = await addWorkload(fixture, bench.namespace, "cart");
      await using sensor = await bench.start();
      await bench.active(sensor, cart);
      const [curl, call] = [
        () => acts.executes(cart, "/usr/bin/curl"),
        () => acts.connects(cart, "203.0.113.80", 443),
      ] as const;
      expect(rulesOf(await alertsOn(sensor, cart, curl(), call()))).toEqual(["R0001 true", "R0011 true"]);
      const name = "ug-replicaset-cart-7d9f6c5b48";
      const write = (kind: string, container: object): Promise<unknown> =>
        apiCall(fixture, "POST", `${overlays}/${bench.namespace}/${kind.toLowerCase()}s`, {
          apiVersion: "spdx.softwarecomposition.kubescape.io/v1beta1",
          kind,
          metadata: { name, namespace: bench.namespace },
          spec: { containers: [{ name: cart.containerName, ...container }] },
        });
      const peer = (ipAddress: string): object => ({
        ...{ identifier: ipAddress, type: "external", ipAddress },
        ports: [{ name: "TCP-443", protocol: "TCP", port: 443 }],
      });
      const isSilent = (line: () => string) => async (): Promise<boolean> =>
        (await alertsOn(sensor, cart, line())).length === 0;
      await write("ApplicationProfile", { execs: [{ path: "/usr/bin/curl", args: ["/usr/bin/curl"] }] });
      await waitFor(isSilent(curl), { describe: "curl to be allowed", timeoutMs: 20_000 });
      await write("NetworkNeighborhood", { egress: [peer("203.0.113.80"), peer("203.0.113.81")] });
      await waitFor(isSilent(call), { describe: "the call to be allowed", timeoutMs: 20_000 });
      expect(await isSilent(curl)()).toBe(true);
      await apiCall(fixture, "PATCH", `${overlays}/${bench.namespace}/networkneighborhoods/${name}`, {
        spec: { containers: [{ name: cart.containerName, egress: [peer("203.0.113.81")] }] },
      });
      await waitFor(async () => !(await isSilent(call)()), { describe: "the call to alert again", timeoutMs: 20_000 });
      expect(await isSilent(curl)()).toBe(true);
    });

    it("allows whom it saw breaking a rule while it learned, that rule and nobody else [component 14]", async () => {
      await using sensor = await bench.start();
      const [app] = await bench.addPod("links", ["app"]);
      const soft = (binary?: string): string => acts.links(app!, "soft", "/etc/shadow", "/tmp/soft", binary);
      await bench.events.write(acts.executes(app!, "/app"), soft());
      const early = await sensor.alert(({ ruleId }) => ruleId === "R1010", "the soft link");
      expect(early.profileMetadata?.failOnProfile).toBe(false);
      const { spec } = await bench.learned(app!);
      expect(spec.rulePolicies?.["R1010"]?.processAllowed).toEqual(["ln"]);
      await bench.active(sensor, app!);
      expect(await alertsOn(sensor, app!, soft())).toEqual([]);
      expect(rulesOf(await alertsOn(sensor, app!, soft("/bin/busybox")))).toEqual(["R1010 true"]);
      const hard = acts.links(app!, "hard", "/etc/shadow", "/tmp/hard");
      expect(rulesOf(await alertsOn(sensor, app!, hard))).toEqual(["R1012 true"]);
    });

    it("calls a profile partial that was learned before and after a sensor without memory, and leaves a complete one complete [component 17]", async () => {
      const stateDir = bench.folder.file("state");
      const [app] = await (async () => {
        await using sensor = await bench.start({ args: ["--learning-max-time", "1h"] });
        const added = await bench.addPod("cart", ["app"]);
        await bench.events.write(acts.executes(added[0]!, "/before"));
        const ready = ({ status, spec }: { status: string; spec: { execs?: readonly unknown[] } }): boolean =>
          status === "ready" && spec.execs?.length === 1;
        await bench.learned(added[0]!, ready);
        expect(await sensor.stop()).toBe(0);
        // Kubernetes tells whole seconds: only then is it certain that the container ran before the next sensor.
        await delay(1_000);
        return added;
      })();
      await rm(stateDir, { recursive: true });
      const other = await addWorkload(fixture, bench.namespace, "side");
      const otherPath = `${containerProfilesPath(bench.namespace)}/${profileNameOf(other)}`;
      const complete = await apiCall(fixture, "GET", otherPath);
      await using sensor = await bench.start({ startAt: "end" });
      await bench.events.write(acts.executes(app!, "/after"), acts.executes(other, permitted[0]!));
      const learned = await bench.learned(app!);
      expect(learned.completion).toBe("partial");
      expect(learned.spec.execs?.map(({ path }) => path).toSorted()).toEqual(["/after", "/before"]);
      await bench.active(sensor, app!);
      expect(
        rulesOf(await alertsOn(sensor, app!, acts.executes(app!, "/before"), acts.executes(app!, "/new"))),
      ).toEqual(["R0001 true"]);
      expect(await apiCall(fixture, "GET", otherPath)).toEqual(complete);
    });

    it("holds a container to a partial profile's peers, and learns them anew with the next deployment [component 21] [component 22]", async () => {
      const [old] = await bench.addPod("cart", ["app"], { startedAt: "2026-01-01T00:00:00Z" });
      await using sensor = await bench.start({ args: ["--learning-max-time", "2s"] });
      const known = (workload: ShopWorkload): string => acts.connects(workload, "203.0.113.9", 443);
      const unknown = (workload: ShopWorkload): string => acts.connects(workload, "198.51.100.7", 443);
      await bench.events.write(acts.executes(old!, "/app"), known(old!));
      expect(await bench.learned(old!)).toMatchObject({ completion: "partial" });
      await bench.active(sensor, old!);
      expect(rulesOf(await alertsOn(sensor, old!, known(old!), unknown(old!)))).toEqual(["R0011 true"]);
      await bench.call("DELETE", `/api/v1/namespaces/${bench.namespace}/pods/${old!.podName}`);
      const [next] = await bench.addPod("basket", ["app"]);
      await bench.events.write(acts.executes(next!, "/app"), known(next!), unknown(next!));
      expect(await bench.learned(next!)).toMatchObject({ completion: "complete" });
      await bench.active(sensor, next!);
      expect(await alertsOn(sensor, next!, known(next!), unknown(next!))).toEqual([]);
    });

    it("lets ten alerts of twenty equal ones pass when it is told so [component 23]", async () => {
      const cart = await addWorkload(fixture, bench.namespace, "cart");
      await using sensor = await bench.start({ holdsBack: true, args: ["--alert-cooldown-after", "10"] });
      await bench.active(sensor, cart);
      const lines = Array.from({ length: 20 }, () => acts.executes(cart, "/usr/bin/nc"));
      const alerts = await alertsOn(sensor, cart, ...lines);
      expect(alerts.map(({ ruleId }) => ruleId)).toEqual(Array.from({ length: 10 }, () => "R0001"));
      expect(await sensor.metric('kinglet_sensor_alerts_held_back_total{reason="cooldown"}')).toBe(10);
    });
  });
}
