import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSimCluster, openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { SensorProcess } from "../e2e/sensor-process.ts";
import { describedMetrics } from "./described-metrics.ts";

const golden = join(import.meta.dirname, "../../golden/metrics/sensor.txt");

describe("metrics of the sensor", () => {
  it("are those in the golden file, by name, type and help", async () => {
    await using folder = await openTempDir();
    await using fixture = await openSimCluster();
    await writeFile(folder.file("tetragon.log"), "");
    await using sensor = await SensorProcess.start({
      folder: folder.path,
      kubeconfig: fixture.kubeconfigPath,
      tetragonFile: folder.file("tetragon.log"),
      args: ["--node-name", "node-a"],
    });
    await sensor.ready();
    const described = await describedMetrics(sensor);
    if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(golden, described);
    expect(described).toBe(await readFile(golden, "utf8"));
  });
});
