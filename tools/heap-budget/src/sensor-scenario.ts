import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimResource } from "@kinglet/kube-sim";
import { openScenario, type Scenario } from "./applet-scenario.ts";

/** The kind that the sensor's profiles have, as a CustomResourceDefinition would declare it. */
const containerProfiles: SimResource = {
  group: "spdx.softwarecomposition.kubescape.io",
  version: "v1beta1",
  plural: "containerprofiles",
  singular: "containerprofile",
  kind: "ContainerProfile",
  namespaced: true,
  isCustom: true,
};

/** What is at the API server while the sensor is measured. */
export interface ClusterContents {
  readonly scope: "node" | "cluster";
  /** Called once, to fill the server. */
  readonly fill?: (apply: (object: object) => void) => void;
}

/**
 * The sensor as the design's idle budget means it: synced, default rules registered, following an event file that stays empty. By default there is no pod.
 */
export function sensorScenario(contents: ClusterContents = { scope: "node" }): Promise<Scenario> {
  return openScenario({
    applet: "sensor",
    sim: { extraResources: [containerProfiles] },
    prepare: async (sim, folder) => {
      contents.fill?.((object) => sim.apply(object as never));
      await writeFile(join(folder, "tetragon.log"), "");
    },
    args: (folder, run) => [
      ...["--scope", contents.scope, "--node-name", "node-a"],
      ...["--tetragon-file", join(folder, "tetragon.log"), "--state-dir", run],
    ],
  });
}
