import { appendFile, stat } from "node:fs/promises";
import { containerIdOf, openSimCluster, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { AnonymousMemory } from "./anonymous-memory.ts";
import { ComponentActs } from "./component-acts.ts";
import { LearningBench } from "./learning-bench.ts";
import type { SensorProcess } from "./sensor-process.ts";
import { addWorkload, type ShopWorkload } from "./shop.ts";

const mebibyte = 1_048_576;
/** The limit of the manifests. */
const limit = 96 * mebibyte;
/** Of 1.2 MB as JSON each. */
const profiles = 30;

/** A container that no pod declares. */
function strangerOf(index: number): ShopWorkload {
  const id = `stranger-${String(index)}`;
  return { namespace: "", podName: "", containerName: "", containerId: containerIdOf(id), replicaSet: "" };
}

async function append(path: string, count: number, lineOf: (index: number) => string): Promise<void> {
  for (let at = 0; at < count;) {
    let text = "";
    for (; at < count && text.length < 4_000_000; at += 1) text += `${lineOf(at)}\n`;
    await appendFile(path, text);
  }
}

async function hasRead(sensor: SensorProcess, path: string): Promise<boolean> {
  const { status, text } = await sensor.debug("/debug/events");
  if (status !== 200) return false;
  const { source } = JSON.parse(text) as { source: { position: { readOffset: number } } };
  return source.position.readOffset >= (await stat(path)).size;
}

describe("sensor in a container of 96 MiB", () => {
  it("survives with all of its bounds full at once: learning, waiting room, process tree, tables, alerts that nobody reads", async () => {
    await using fixture = await openSimCluster();
    await using bench = await LearningBench.open(fixture, "shop");
    const acts = new ComponentActs();
    const folder = "d".repeat(200);
    const known = await addWorkload(fixture, "shop", "cart", { execs: [{ path: "/app" }] });
    // More of profiles than the cache keeps.
    for (let at = 0; at < profiles; at += 1) {
      const execs = Array.from({ length: 5_000 }, (_, entry) => ({
        path: `/bin/${String(at)}/${String(entry)}`,
        args: [folder, String(entry)],
      }));
      await addWorkload(fixture, "shop", `large-${String(at)}`, { execs });
    }
    const learned = [
      ...(await bench.addPod("first", ["app"])),
      ...(await bench.addPod("second", ["app"])),
      ...(await bench.addPod("third", ["app"])),
    ];
    await using sensor = await bench.start({
      stdout: "unread",
      args: ["--memlimit", "96Mi", "--learning-max-time", "1h"],
      env: { KINGLET_MEMLIMIT: "96Mi" },
    });
    let end: unknown;
    void sensor.ended.then((code) => (end = code));
    using memory = new AnonymousMemory(sensor.pid);
    const { path } = bench.events;
    const pick = (index: number): ShopWorkload => learned[index % learned.length] ?? known;
    const longText = (index: number): string =>
      `${index % 2 === 0 ? "B".repeat(60_000) : "-p token=abc ".repeat(4_600)}${String(index)}`;
    const drained = async (what: string): Promise<void> => {
      const isRead = async (): Promise<boolean> => end !== undefined || (await hasRead(sensor, path));
      await waitFor(isRead, { timeoutMs: 240_000, describe: what });
      expect(end, sensor.stderr().slice(-3000)).toBeUndefined();
      console.log(`${what}: peak ${(memory.peakBytes / mebibyte).toFixed(1)} MiB anonymous`);
    };

    await append(path, 20_000, (at) => acts.opens(pick(at), `/tmp/${folder}/${String(at)}/f`));
    await append(path, 20_000, (at) => acts.executes(pick(at), `/bin/${String(at)}${folder}`, `a${String(at)}`));
    await append(path, 10_000, (at) => acts.asks(pick(at), `n${String(at)}.example.com`));
    await append(path, 10_000, (at) => acts.connects(pick(at), `10.9.${String(at >> 8)}.${String(at & 255)}`, 443));
    await drained("learned");
    const kept = "kinglet_profile_cache_content_bytes";
    console.log(`profiles kept: ${String(await sensor.metric(kept))} bytes`);
    await append(path, 3_000, (at) => acts.executes(strangerOf(at % 50), `/x${String(at)}`, longText(at)));
    await drained("unknown containers");
    // All of it together, and alerts as long as can be.
    await append(path, 2_000, (at) => {
      const lines = [
        acts.executes(strangerOf(at % 50), `/x${String(at)}`, longText(at)),
        acts.executes(known, `/evil${String(at)}`, longText(at)),
        acts.opens(pick(at), `/var/${folder}/${String(at)}/f`),
        acts.executes(pick(at), `/sbin/${String(at)}${folder}`, longText(at)),
      ];
      return lines.join("\n");
    });
    // The reader is held up by alerts that nobody takes: everything is full.
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect(end, sensor.stderr().slice(-3000)).toBeUndefined();
    console.log(`held up by alerts: peak ${(memory.peakBytes / mebibyte).toFixed(1)} MiB anonymous`);
    sensor.readStdout();
    await drained("everything");
    await waitFor(async () => sensor.stdout().split('"R0001"').length > 2_000, {
      timeoutMs: 120_000,
      describe: "all alerts",
    });
    expect(memory.peakBytes).toBeLessThan(limit);
    expect(await sensor.stop()).toBe(0);
  }, 600_000);
});
