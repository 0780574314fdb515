import { EventEmitter } from "node:events";
import { compileFunction } from "node:vm";
import { describe, expect, it } from "vitest";
import { readPrelude } from "../../build/executable.ts";
import { optimiseCode } from "../../src/service/optimise-code.ts";

const parts = ["kinglet.sensor", "kinglet.config-controller", "kinglet.judgement"];

/** The prelude with everything around it: what V8 would be told, and under which flags it compiles each part. */
async function open(): Promise<{
  readonly load: (id: string) => void;
  readonly busy: () => void;
  readonly wait: () => void;
  readonly flags: ReadonlyMap<string, boolean>;
  readonly compiled: ReadonlyMap<string, Readonly<Record<string, boolean>>>;
}> {
  const flags = new Map<string, boolean>();
  const compiled = new Map<string, Readonly<Record<string, boolean>>>();
  const timers = new Set<() => void>();
  const process = Object.assign(new EventEmitter(), { argv: ["kinglet", "sensor"], emitWarning: () => {} });
  class Script {
    constructor(_text: string, { filename }: { readonly filename: string }) {
      compiled.set(filename, { ...asInNode, ...Object.fromEntries(flags) });
    }
    runInThisContext(): () => void {
      return () => {};
    }
  }
  const modules: Readonly<Record<string, unknown>> = {
    "node:v8": {
      setFlagsFromString: (flag: string) => flags.set(flag.replace(/^--(?:no-)?/, ""), !flag.startsWith("--no-")),
    },
    "node:vm": { Script },
    "node:sea": { getRawAsset: () => asset() },
  };
  const names = ["require", "process", "setTimeout", "clearTimeout", "Buffer", "__filename", "__dirname"];
  const prelude = compileFunction(`${await readPrelude()}return require;`, names);
  const startTimer = (callback: () => void): { unref(): () => void } => {
    timers.add(callback);
    return { unref: () => callback };
  };
  const inner = (id: string): unknown => modules[id] ?? {};
  const stop = (timer: () => void): boolean => timers.delete(timer);
  const load = prelude(inner, process, startTimer, stop, Buffer, "kinglet", "/") as (id: string) => void;
  return {
    load: (id) => load(`./${id}.cjs`),
    busy: () => optimiseCode(process as unknown as NodeJS.Process),
    wait: () => {
      for (const callback of timers) callback();
      timers.clear();
    },
    flags,
    compiled,
  };
}

function asset(): ArrayBuffer {
  const places = Object.fromEntries(
    parts.flatMap((name) => [
      [`${name}.cjs`, [0, 1]],
      [`${name}.cache`, [0, 1]],
    ]),
  );
  const index = JSON.stringify(places);
  return new Uint8Array(Buffer.from(`${String(index.length).padStart(8, "0")}${index};`, "latin1")).buffer;
}

const asInNode = { sparkplug: true, maglev: true, turbofan: true, "optimize-for-size": false };
/** As the caches are made: no compiler but the optimiser. */
const asCached = { ...asInNode, sparkplug: false, maglev: false };

describe("the executable's prelude", () => {
  it("lets nothing be optimised while an applet starts, a controller then everything, a sensor what is cheap", async () => {
    const controller = await open();
    controller.load("kinglet.config-controller");
    expect(controller.flags.get("turbofan")).toBe(false);
    controller.wait();
    expect(controller.flags.get("turbofan")).toBe(true);
    expect(controller.flags.get("maglev")).toBe(false);
    const sensor = await open();
    sensor.load("kinglet.sensor");
    expect(sensor.flags.get("turbofan")).toBe(false);
    expect(sensor.flags.get("maglev")).toBe(false);
    sensor.wait();
    expect(Object.fromEntries(sensor.flags)).toMatchObject({
      turbofan: false,
      maglev: true,
      "optimize-for-size": true,
    });
  });

  it("lets V8 optimise in a sensor that has much to do, also when that is before the start is over", async () => {
    for (const isStarting of [true, false]) {
      const sensor = await open();
      sensor.load("kinglet.sensor");
      if (!isStarting) sensor.wait();
      sensor.busy();
      sensor.wait();
      expect(sensor.flags.get("turbofan")).toBe(true);
    }
  });

  it("compiles each part under the flags of its cache, whenever it is loaded", async () => {
    const early = await open();
    early.load("kinglet.sensor");
    early.load("kinglet.judgement");
    const calm = await open();
    calm.load("kinglet.sensor");
    calm.wait();
    calm.load("kinglet.judgement");
    expect(calm.flags.get("turbofan")).toBe(false);
    const busy = await open();
    busy.load("kinglet.sensor");
    busy.busy();
    busy.load("kinglet.judgement");
    for (const { compiled } of [early, calm, busy]) {
      expect(compiled.get("./kinglet.judgement.cjs")).toEqual(asCached);
    }
  });
});
