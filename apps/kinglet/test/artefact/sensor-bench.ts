import { existsSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { openSimCluster, openTempDir, type SimClusterFixture, type TempDir } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { SensorProcess, type SensorOptions } from "../e2e/sensor-process.ts";
import { nodeName } from "../e2e/shop.ts";
import { bundlePath, executablePath, runToEnd, type Ended } from "./built-program.ts";

/** The built program: the single executable where there is one, else the bundle. */
export const program: string = existsSync(executablePath) ? executablePath : bundlePath;

/** What a test of one sensor works with. */
export interface SensorBench {
  /** A simulated cluster for all tests of the file. */
  readonly fixture: SimClusterFixture;
  /** A folder for this test. */
  readonly folder: TempDir;
  /** The event file of this test, empty at first. */
  readonly events: string;
  /** Starts a sensor that is expected to go on. */
  start(options?: Partial<SensorOptions>): Promise<SensorProcess>;
  /** Runs a sensor that is expected to end by itself. */
  ends(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Arguments with which a sensor runs, where the later ones win. */
  working(...args: readonly string[]): readonly string[];
}

/** Prepares and clears away a cluster per file, and a folder and an event file per test. */
export function sensorBench(): SensorBench {
  let fixture: SimClusterFixture;
  let folder: TempDir;
  let events: string;
  beforeAll(async () => {
    fixture = await openSimCluster();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());
  beforeEach(async () => {
    folder = await openTempDir("kinglet faults ");
    events = folder.file("tetragon.log");
    await writeFile(events, "");
  });
  afterEach(() => folder[Symbol.asyncDispose]());
  return {
    get fixture() {
      return fixture;
    },
    get folder() {
      return folder;
    },
    get events() {
      return events;
    },
    start: (options = {}) =>
      SensorProcess.start({
        folder: folder.path,
        kubeconfig: fixture.kubeconfigPath,
        tetragonFile: events,
        ...options,
        args: ["--node-name", nodeName, ...(options.args ?? [])],
      }),
    ends: async (args, env = {}) => {
      const link = folder.file("sensor");
      if (!existsSync(link)) await symlink(program, link);
      const command = program.endsWith(".cjs") ? [process.execPath, link] : [link];
      return runToEnd(command[0] ?? "", [...command.slice(1), ...args], { env: { PATH: "/usr/bin:/bin", ...env } });
    },
    working: (...args) => [
      ...[
        "--kubeconfig",
        fixture.kubeconfigPath,
        "--node-name",
        nodeName,
        "--tetragon-file",
        events,
        "--state-dir",
        folder.file("state"),
      ],
      ...["--metrics-bind", "127.0.0.1:0", "--debug-bind", "127.0.0.1:0", ...args],
    ],
  };
}
