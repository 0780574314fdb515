import { setTimeout as sleep } from "node:timers/promises";
import { containerIdOf, type ClusterFixture } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LearningBench, nextSecond, secondsOf } from "./learning-bench.ts";
import { executes } from "./shop.ts";

/** From what containers do to their profiles, and from those to alerts: the built program against whatever API server `open` gives. */
export function sensorLearningSuite(title: string, open: () => Promise<ClusterFixture>, isSkipped = false): void {
  describe.skipIf(isSkipped)(title, () => {
    let fixture: ClusterFixture;
    let bench: LearningBench;
    let tests = 0;

    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      tests += 1;
      bench = await LearningBench.open(fixture, `learning-${String(tests)}`);
    });
    afterEach(() => bench[Symbol.asyncDispose]());

    it("learns each container by itself and alerts on what the others do [component 01]", async () => {
      await using sensor = await bench.start();
      const [nginx, server] = await bench.addPod("web", ["nginx", "server"]);
      await bench.execute(nginx!, "/usr/sbin/nginx", "/bin/ls");
      await bench.execute(server!, "/server", "/usr/bin/wget");
      const learned = await bench.learned(nginx!);
      expect(learned.spec.execs?.map(({ path }) => path).toSorted()).toEqual(["/bin/ls", "/usr/sbin/nginx"]);
      expect((await bench.learned(server!)).spec.execs?.map(({ path }) => path).toSorted()).toEqual([
        "/server",
        "/usr/bin/wget",
      ]);
      expect(learned.completion).toBe("complete");
      await bench.active(sensor, nginx!);
      await bench.active(sensor, server!);
      expect(sensor.alerts()).toEqual([]);
      await bench.execute(nginx!, "/bin/ls", "/usr/bin/curl");
      await bench.execute(server!, "/usr/bin/wget", "/bin/ls");
      await bench.settled(sensor, 8);
      const alerts = sensor.alerts().filter(({ ruleId }) => ruleId === "R0001");
      expect(alerts.map(({ containerName, process }) => `${containerName} ${process.binary}`).toSorted()).toEqual([
        "nginx /usr/bin/curl",
        "server /bin/ls",
      ]);
      expect(alerts.every(({ profile }) => profile?.failOnProfile === true)).toBe(true);
    });

    it("leaves what it learned to nobody while it runs: a second sensor on its state folder ends and says who has it", async () => {
      const [cart] = await (async () => {
        await using sensor = await bench.start();
        const added = await bench.addPod("cart", ["app"]);
        await bench.execute(added[0]!, "/app");
        await bench.settled(sensor, 1);
        await using second = await bench.launch();
        expect(await second.ended).toBe(1);
        expect(second.stderr()).toContain("KINGLET_ERR_LEARNING_LOCKED");
        expect(second.stderr()).toContain(bench.folder.file("state/learning-queue"));
        expect(second.stderr()).toContain(`process ${String(sensor.pid)} on `);
        await sensor.stop("SIGKILL");
        return added;
      })();
      // Nothing has to be cleared away.
      await using sensor = await bench.start();
      await bench.execute(cart!, "/bin/after");
      const learned = await bench.learned(cart!);
      expect(learned.spec.execs?.map(({ path }) => path).toSorted()).toEqual(["/app", "/bin/after"]);
      expect(sensor.stderr()).not.toContain("KINGLET_ERR");
    });

    it("completes the profile of a container that is killed and started again while it is learned [component 06]", async () => {
      await using sensor = await bench.start();
      const [first] = await bench.addPod("cart", ["app"]);
      await bench.execute(first!, "/app");
      await bench.learned(first!, ({ spec }) => spec.execs?.some(({ path }) => path === "/app") === true);
      const second = { ...first!, containerId: containerIdOf("cart again") };
      const lastState = { terminated: { containerID: `containerd://${first!.containerId}`, exitCode: 137 } };
      await bench.report([second], { state: { running: { startedAt: nextSecond() } }, lastState });
      await bench.execute(second, "/app", "/bin/sh");
      const learned = await bench.learned(second);
      expect(learned.spec.execs?.map(({ path }) => path).toSorted()).toEqual(["/app", "/bin/sh"]);
      await bench.active(sensor, second);
      await bench.execute(second, "/bin/sh", "/usr/bin/nc");
      expect(await sensor.alert(({ process }) => process.binary === "/usr/bin/nc", "nc")).toMatchObject({
        ruleId: "R0001",
      });
      expect(sensor.alerts().some(({ process }) => process.binary === "/bin/sh")).toBe(false);
    });

    it("goes on learning after its own kill, and alerts afterwards [component 16]", async () => {
      const [cart] = await (async () => {
        await using sensor = await bench.start({ args: ["--learning-max-time", "6s"] });
        const added = await bench.addPod("cart", ["app"]);
        await bench.execute(added[0]!, "/app");
        await bench.settled(sensor, 1);
        await sensor.stop("SIGKILL");
        return added;
      })();
      await bench.execute(cart!, "/bin/while-away");
      await using sensor = await bench.start({ args: ["--learning-max-time", "6s"] });
      await bench.execute(cart!, "/bin/after");
      const learned = await bench.learned(cart!);
      expect(learned.spec.execs?.map(({ path }) => path).toSorted()).toEqual(["/app", "/bin/after", "/bin/while-away"]);
      await bench.active(sensor, cart!);
      await bench.execute(cart!, "/bin/after", "/usr/bin/nc");
      await sensor.alert(({ process }) => process.binary === "/usr/bin/nc", "nc");
      expect(sensor.alerts().filter(({ ruleId }) => ruleId === "R0001")).toHaveLength(1);
    });

    it("learns what waits in the event file, through rotations, before it says what it has seen of a container whose time is over", async () => {
      const window = ["--learning-max-time", "3s"];
      const [cart] = await (async () => {
        await using sensor = await bench.start({ args: window });
        const added = await bench.addPod("cart", ["app"]);
        await bench.execute(added[0]!, "/app");
        await bench.settled(sensor, 1);
        await sensor.stop("SIGKILL");
        return added;
      })();
      const onHost = { ...cart!, containerId: "" };
      for (let file = 1; file <= 3; file += 1) {
        await bench.events.write(...Array.from({ length: 5_000 }, () => executes(onHost, "/usr/bin/true").line));
        await bench.execute(cart!, `/bin/late-${String(file)}`);
        if (file < 3) await bench.events.rotate();
      }
      // Its time is over before the next sensor looks.
      await sleep(4_500);
      await using _sensor = await bench.start({ args: window });
      const learned = await bench.learned(cart!);
      expect(learned).toMatchObject({ status: "completed", completion: "complete" });
      expect(learned.spec.execs?.map(({ path }) => path).toSorted()).toEqual([
        "/app",
        ...["/bin/late-1", "/bin/late-2", "/bin/late-3"],
      ]);
    });

    it("says of a container that ran before it that its profile is partial, and holds it to it all the same [component 19]", async () => {
      const [cart] = await bench.addPod("cart", ["app"], { startedAt: "2026-01-01T00:00:00Z" });
      await using sensor = await bench.start();
      await bench.execute(cart!, "/app");
      expect(await bench.learned(cart!)).toMatchObject({ status: "completed", completion: "partial" });
      await bench.active(sensor, cart!);
      await bench.execute(cart!, "/app", "/usr/bin/nc");
      const alert = await sensor.alert(({ process }) => process.binary === "/usr/bin/nc", "nc");
      expect(alert.profile).toMatchObject({ completion: "partial", failOnProfile: true });
      expect(sensor.alerts().filter(({ ruleId }) => ruleId === "R0001")).toHaveLength(1);
    });

    it("learns a container anew that is deployed again, and is silent about what it learned then [component 20]", async () => {
      const [old] = await bench.addPod("cart", ["app"], { startedAt: "2026-01-01T00:00:00Z" });
      await using sensor = await bench.start();
      await bench.execute(old!, "/app");
      expect((await bench.learned(old!)).completion).toBe("partial");
      await bench.call("DELETE", `/api/v1/namespaces/${bench.namespace}/pods/${old!.podName}`);
      const [cart] = await bench.addPod("basket", ["app"]);
      await bench.execute(cart!, "/app", "/usr/bin/nc");
      expect((await bench.learned(cart!)).completion).toBe("complete");
      await bench.active(sensor, cart!);
      await bench.execute(cart!, "/usr/bin/nc");
      await bench.settled(sensor, 4);
      expect(sensor.alerts()).toEqual([]);
    });

    it("completes the profile of a job that ends soon [component 18]", async () => {
      await using sensor = await bench.start({ args: ["--learning-max-time", "1h"] });
      const job = await bench.addPod("job", ["app"], {
        owner: { apiVersion: "batch/v1", kind: "Job", name: "job-by-hand" },
      });
      await bench.execute(job[0]!, "/job");
      await bench.settled(sensor, 1);
      const startedAt = secondsOf(new Date());
      await bench.report(
        job,
        { terminated: { exitCode: 0, startedAt, finishedAt: startedAt, reason: "Completed" } },
        { phase: "Succeeded" },
      );
      const learned = await bench.learned(job[0]!);
      expect(learned).toMatchObject({ status: "completed", completion: "complete" });
      expect(learned.spec.execs?.map(({ path }) => path)).toEqual(["/job"]);
    });

    it("never calls a profile completed of a container that did nothing", async () => {
      await using sensor = await bench.start();
      const [idle, busy] = await bench.addPod("cart", ["idle", "busy"]);
      await bench.execute(busy!, "/app");
      await bench.learned(busy!);
      await bench.settled(sensor, 1);
      expect((await bench.profile(idle!))?.status ?? "").not.toBe("completed");
    });

    it("leaves a completed profile as it is when somebody sets it back [component 15]", async () => {
      await using sensor = await bench.start();
      const [cart] = await bench.addPod("cart", ["app"]);
      await bench.execute(cart!, "/app");
      await bench.learned(cart!);
      await bench.active(sensor, cart!);
      await bench.call("PATCH", bench.pathOf(cart!), { metadata: { annotations: { "kubescape.io/status": "ready" } } });
      await bench.execute(cart!, "/usr/bin/nc");
      await sensor.alert(({ process }) => process.binary === "/usr/bin/nc", "nc, by the profile that was final");
    });
  });
}
