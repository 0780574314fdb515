import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKubeSim, type KubeSim, type KubeSimOptions } from "@kinglet/kube-sim";
import { freePort } from "@kinglet/testing";
import type { AppletStart } from "./running-applet.ts";

/** A place where an applet can be started again and again under the same circumstances. */
export interface Scenario extends AsyncDisposable {
  /** How to start the applet as `command` (program, flags, and the bundle or nothing for an executable). */
  start(command: readonly string[], target: string): Promise<AppletStart>;
}

/** What distinguishes the circumstances of one applet from those of another. */
export interface ScenarioOptions {
  readonly applet: string;
  readonly sim?: KubeSimOptions;
  /** Called once: fills the server and the folder. */
  readonly prepare: (sim: KubeSim, folder: string) => Promise<void>;
  /** The applet's own arguments; `run` is a folder of this start alone. */
  readonly args: (folder: string, run: string) => readonly string[];
}

/**
 * An applet as the design's idle budget means it: connected over HTTPS to an API server, with the service account of a pod.
 */
export async function openScenario({ applet, sim: simOptions, prepare, args }: ScenarioOptions): Promise<Scenario> {
  const folder = await mkdtemp(join(tmpdir(), "kinglet-budget-"));
  const sim = await openKubeSim(simOptions);
  const account = join(folder, "serviceaccount");
  await mkdir(account);
  await writeFile(join(account, "token"), sim.token);
  await writeFile(join(account, "ca.crt"), sim.caPem);
  await writeFile(join(account, "namespace"), "kinglet");
  await prepare(sim, folder);
  const { hostname, port: apiPort } = new URL(sim.server);
  let runs = 0;
  return {
    async start(command, target) {
      runs += 1;
      const run = join(folder, `run-${String(runs)}`);
      await mkdir(run);
      const link = join(run, applet);
      await symlink(target, link);
      const port = await freePort();
      return {
        command: [...command, link],
        args: [
          ...args(folder, run),
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
