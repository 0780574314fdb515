import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKubeSim, type SimResource } from "@kinglet/kube-sim";
import type { AppletStart } from "./running-applet.ts";

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

/** A place where an applet can be started again and again under the same circumstances. */
export interface Scenario extends AsyncDisposable {
  /** How to start the applet as `command` (program, flags, and the bundle or nothing for an executable). */
  start(command: readonly string[], target: string): Promise<AppletStart>;
}

/** What is at the API server while the sensor is measured. */
export interface ClusterContents {
  readonly scope: "node" | "cluster";
  /** Called once, to fill the server. */
  readonly fill?: (apply: (object: object) => void) => void;
}

/**
 * The sensor as the design's idle budget means it: connected over HTTPS to an API server, synced, default rules registered, following an event
 * file that stays empty. By default there is no pod.
 */
export async function sensorScenario(contents: ClusterContents = { scope: "node" }): Promise<Scenario> {
  const folder = await mkdtemp(join(tmpdir(), "kinglet-budget-"));
  const sim = await openKubeSim({ extraResources: [containerProfiles] });
  contents.fill?.((object) => sim.apply(object as never));
  // As in a pod: that is where the sensor runs.
  const account = join(folder, "serviceaccount");
  await mkdir(account);
  await writeFile(join(account, "token"), sim.token);
  await writeFile(join(account, "ca.crt"), sim.caPem);
  await writeFile(join(account, "namespace"), "kinglet");
  const { hostname, port: apiPort } = new URL(sim.server);
  await writeFile(join(folder, "tetragon.log"), "");
  let runs = 0;
  return {
    async start(command, target) {
      runs += 1;
      const link = join(folder, `run-${String(runs)}`, "sensor");
      await mkdir(join(link, ".."), { recursive: true });
      await symlink(target, link);
      const port = await freePort();
      return {
        command: [...command, link],
        args: [
          ...["--scope", contents.scope, "--node-name", "node-a"],
          ...["--tetragon-file", join(folder, "tetragon.log"), "--state-dir", join(folder, `run-${String(runs)}`)],
          ...["--metrics-bind", `127.0.0.1:${String(port)}`, "--debug-bind", "127.0.0.1:0"],
          ...["--log-format", "json", "--log-level", "info"],
        ],
        env: {
          PATH: "/usr/bin:/bin",
          KUBERNETES_SERVICE_HOST: hostname,
          KUBERNETES_SERVICE_PORT: apiPort,
          KINGLET_SERVICE_ACCOUNT_DIR: account,
        },
        readyUrl: `http://127.0.0.1:${String(port)}/readyz`,
      };
    },
    async [Symbol.asyncDispose]() {
      await sim[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
