import { readdirSync } from "node:fs";
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { DemoProcess, isRunning } from "./demo-process.ts";

describe("demo", () => {
  it("shows the expected alerts and one table, ends with 0 within a minute and leaves nothing", async () => {
    await using demo = await DemoProcess.start(["--seconds", "4"], { FORCE_COLOR: "1" });
    const { code, tookMs } = await demo.ended;
    const text = demo.stdoutLines.join("\n");
    expect({ code, stderr: demo.stderr }).toEqual({ code: 0, stderr: "" });
    expect(tookMs).toBeLessThan(60_000);
    expect(text.match(/^[0-9:.]{12} {2}R0001 {2}/gm)).toHaveLength(12);
    for (const title of [
      "Pods",
      "Profiles in use",
      "Left out of the profiles on purpose",
      "Alerts, 12 of R0001 expected",
      "Result",
    ]) {
      expect(text).toMatch(new RegExp(`^${title}`, "m"));
    }
    for (const row of [
      /^events written +10,671 /m,
      /^executions seen +3,727 /m,
      // Twelve by the profiles, four of files that hold secrets, four of programs in memory.
      /^alerts +18 /m,
      /^heap used +[\d.]+ MB/m,
      /^anonymous RSS +([\d.]+ MB|unknown)/m,
      /^start-up time +\d+ ms/m,
    ]) {
      expect(text).toMatch(row);
    }
    expect(text).not.toContain("\u001b");
    const pid = Number(/process (\d+)/.exec(text)?.[1]);
    expect([pid > 0, isRunning(pid)]).toEqual([true, false]);
    expect(readdirSync(demo.tempFolder)).toEqual([]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stops the sensor and cleans up on %s in the middle", async (signal) => {
    await using demo = await DemoProcess.start(["--output", "json"]);
    const pid = await demo.sensorPid();
    await demo.line("alert", "a first alert");
    expect([isRunning(pid), readdirSync(demo.tempFolder).length]).toEqual([true, 1]);
    demo.interrupt(signal);
    expect((await demo.ended).code).toBe(130);
    expect(demo.stderr).toContain(`stopped by ${signal}`);
    expect(demo.lines("result")).toEqual([]);
    expect([isRunning(pid), readdirSync(demo.tempFolder)]).toEqual([false, []]);
  });

  it("fails with one clear line when the sensor ends in the middle", async () => {
    await using demo = await DemoProcess.start(["--output", "json"]);
    const pid = await demo.sensorPid();
    await demo.line("alert", "a first alert");
    process.kill(pid, "SIGKILL");
    expect((await demo.ended).code).toBe(1);
    expect(demo.stderr).toMatch(/^\{"type":"problem","text":"KINGLET_ERR_DEMO_SENSOR_ENDED .*SIGKILL.*\}\n$/);
    expect(readdirSync(demo.tempFolder)).toEqual([]);
  });

  it("stays up with --keep, says how to look around, and ends with 0 on Ctrl-C", async () => {
    await using demo = await DemoProcess.start(["--keep", "--output", "json", "--seconds", "2"]);
    const { lines } = (await demo.line("look-around")) as unknown as { readonly lines: readonly string[] };
    const urls = lines.flatMap((line) => /^curl (http\S+)$/.exec(line)?.[1] ?? []);
    expect(urls.map((url) => new URL(url).pathname)).toEqual(["/readyz", "/metrics", "/debug/containers"]);
    for (const url of urls) expect(await statusOf(url)).toBe(200);
    demo.interrupt();
    expect((await demo.ended).code).toBe(0);
    expect(demo.lines("result")).toMatchObject([{ alerts: 18, alertsExpected: 12, eventsWritten: 10_671 }]);
    expect(readdirSync(demo.tempFolder)).toEqual([]);
  });

  it("explains itself, refuses unknown arguments with 2, and never touches a cluster unasked", async () => {
    await using help = await DemoProcess.start(["--help"]);
    await using unknown = await DemoProcess.start(["--frobnicate"]);
    await using noCluster = await DemoProcess.start(["--cluster", "--yes"]);
    expect([(await help.ended).code, help.stdoutLines.join("\n")]).toEqual([0, expect.stringContaining("--cluster")]);
    expect([(await unknown.ended).code, unknown.stderr]).toEqual([2, expect.stringContaining("--frobnicate")]);
    expect([(await noCluster.ended).code, noCluster.stderr]).toEqual([
      1,
      expect.stringMatching(/^KINGLET_ERR_KUBE_CLIENT_NO_CONFIG .*\n$/),
    ]);
  });
});

function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    })
      .on("error", reject)
      .end();
  });
}
