import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExportFolder, execLine } from "../test/export-folder-fixture.ts";
import { startSource, type SourceRun } from "../test/source-run.ts";

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("noise" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("rotate" as const), gzip: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("acknowledge" as const), pick: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("publish" as const), thenKill: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("time" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const) }) },
);

/** A consumer as the sensor is one: every third execution raises an alert, which leaves, is confirmed, then acknowledged. */
class World implements Disposable {
  readonly folder: ExportFolder = new ExportFolder();
  written = 0;
  kills = 0;
  /** What was acknowledged in any run. */
  readonly done: Set<number> = new Set();
  /** How often each alert left. */
  readonly published: Map<number, number> = new Map();
  #run: SourceRun | undefined;
  #open: { readonly n: number; readonly sequence: number }[] = [];
  #alerts: { readonly n: number; readonly sequence: number }[] = [];
  #hasFile = false;
  #noises = 0;

  async run(): Promise<SourceRun> {
    if (this.#run !== undefined) return this.#run;
    this.#open = [];
    this.#alerts = [];
    const { path, checkpointPath } = this.folder;
    this.#run = await startSource({ path, checkpointPath }, (event, source) => {
      const entry = { n: Number(event.execId.slice(1)), sequence: event.sequence };
      if (entry.n % 3 !== 0) this.#open.push(entry);
      else if (source.wasConfirmed(`alert-${entry.n}`)) this.#acknowledge(entry);
      else this.#alerts.push(entry);
    });
    // A run that never got to its first checkpoint never promised anything.
    const run = this.#run;
    await run.until("started", () => run.source.health().reason !== "not started");
    await run.source.checkpoint();
    return run;
  }

  write(count: number): void {
    for (let at = 0; at < count; at++) this.folder.write(execLine(++this.written));
    this.#hasFile = true;
  }

  noise(): void {
    this.folder.write("", "{", `{"process_connect":{"time":"2026-01-01T00:00:00.000000000Z","n":${++this.#noises}}}`);
    this.#hasFile = true;
  }

  rotate(gzip: boolean): void {
    if (this.#hasFile) this.folder.rotate({ gzip });
    this.#hasFile = false;
  }

  async acknowledge(pick: number): Promise<void> {
    await this.run();
    const [entry] = this.#open.splice(pick % Math.max(1, this.#open.length), 1);
    if (entry !== undefined) this.#acknowledge(entry);
  }

  async publish(thenKill: boolean): Promise<void> {
    const { source } = await this.run();
    const entry = this.#alerts.shift();
    if (entry === undefined) return;
    this.published.set(entry.n, (this.published.get(entry.n) ?? 0) + 1);
    if (thenKill) {
      await this.kill();
      return;
    }
    await source.confirmAlert(entry.sequence, `alert-${entry.n}`);
    this.#acknowledge(entry);
  }

  async kill(): Promise<void> {
    if (this.#run === undefined) return;
    this.kills += 1;
    await this.#run.kill();
    this.#run = undefined;
  }

  /** Everything that was written has been delivered by the present run or done with before. */
  async settle(): Promise<void> {
    const run = await this.run();
    await run.until("all delivered", () => {
      const known = new Set(this.done);
      for (const entry of this.#open) known.add(entry.n);
      for (const entry of this.#alerts) known.add(entry.n);
      return known.size === this.written;
    });
  }

  async finish(): Promise<void> {
    await this.settle();
    while (this.#open.length > 0) await this.acknowledge(0);
    while (this.#alerts.length > 0) await this.publish(false);
    const run = await this.run();
    await run.stop();
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }

  #acknowledge(entry: { readonly n: number; readonly sequence: number }): void {
    this.done.add(entry.n);
    this.#run?.source.acknowledge(entry.sequence);
  }
}

describe("TetragonFileSource under any interleaving of writing, rotation, acknowledgement, confirmation and kill", () => {
  it("loses no event and repeats at most one alert per kill", async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      using world = new World();
      await world.run();
      for (const one of steps) {
        if (one.do === "write") world.write(one.count);
        else if (one.do === "noise") world.noise();
        else if (one.do === "rotate") world.rotate(one.gzip);
        else if (one.do === "acknowledge") await world.acknowledge(one.pick);
        else if (one.do === "publish") await world.publish(one.thenKill);
        else if (one.do === "time") await (await world.run()).clock.advance(2000);
        else if (one.do === "settle") await world.settle();
        else await world.kill();
      }
      await world.finish();
      expect(world.done.size).toBe(world.written);
      const alerts = Math.floor(world.written / 3);
      expect(world.published.size).toBe(alerts);
      const repeats = [...world.published.values()].reduce((sum, times) => sum + times - 1, 0);
      expect(repeats).toBeLessThanOrEqual(world.kills);
      // After an orderly end nothing comes again.
      const { path, checkpointPath } = world.folder;
      const after = await startSource({ path, checkpointPath });
      world.write(1);
      await after.untilDelivered(1);
      expect(after.ids).toEqual([`e${world.written}`]);
      await after.stop();
    });
    await fc.assert(property, { seed: 1, numRuns: 60 });
  }, 60_000);
});
