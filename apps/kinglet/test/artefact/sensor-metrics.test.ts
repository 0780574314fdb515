import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSimCluster, openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { SensorProcess } from "../e2e/sensor-process.ts";

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
    // The first look starts the counting of garbage collections: what it adds is there at the second.
    await sensor.http("/metrics");
    const { text } = await sensor.http("/metrics");
    const described = text
      .split("\n")
      .filter((line) => line.startsWith("# HELP") || line.startsWith("# TYPE"))
      .join("\n");
    if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(golden, `${described}\n`);
    expect(`${described}\n`).toBe(await readFile(golden, "utf8"));
  });
});
