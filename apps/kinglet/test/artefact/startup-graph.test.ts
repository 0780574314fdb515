import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { renderStartupGraph, startupGraph } from "@kinglet-tools/startup-graph";
import type { Metafile } from "esbuild";
import { describe, expect, it } from "vitest";
import { appletBundlePath, bundlePath } from "./built-program.ts";

const app = join(import.meta.dirname, "../..");
const metafile = JSON.parse(await readFile(join(dirname(bundlePath), "kinglet.meta.json"), "utf8")) as Metafile;

/** What each start loads at once; an import that became eager by accident is a line more here. */
const starts: Readonly<Record<string, string>> = {
  kinglet: "apps/kinglet/src/kinglet.ts",
  "admission-controller": "apps/kinglet/src/applets/admission-controller/applet.ts",
  "admission-controller-serving": "apps/kinglet/src/applets/admission-controller/serve-admission.ts",
  "config-controller": "apps/kinglet/src/applets/config-controller/applet.ts",
  "config-controller-serving": "apps/kinglet/src/applets/config-controller/serve-config-controller.ts",
  sensor: "apps/kinglet/src/applets/sensor/applet.ts",
  "sensor-serving": "apps/kinglet/src/applets/sensor/serve-sensor.ts",
};

describe("start-up graph", () => {
  it.each(Object.entries(starts))("of %s is the one in its golden file", async (name, entry) => {
    const golden = join(app, "golden/startup-graph", `${name}.txt`);
    const graph = renderStartupGraph(startupGraph(metafile, entry));
    if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(golden, graph);
    expect(graph).toBe(await readFile(golden, "utf8"));
  });

  it("of the entry holds no applet", () => {
    expect(renderStartupGraph(startupGraph(metafile, starts["kinglet"] ?? ""))).not.toContain("/applets/");
  });
});

describe("bundle", () => {
  it.each(["admission-controller", "config-controller", "sensor"])(
    "of %s holds nothing of what its budget forbids",
    async (applet) => {
      const { mustNotContain } = JSON.parse(await readFile(join(app, `src/applets/${applet}/budget.json`), "utf8")) as {
        readonly mustNotContain: readonly string[];
      };
      const text = await readFile(appletBundlePath(applet), "utf8");
      expect(mustNotContain.length).toBeGreaterThan(0);
      for (const identifier of mustNotContain) expect(text.includes(identifier), identifier).toBe(false);
    },
  );
});
