import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openSimCluster, type SimClusterFixture } from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { executablePath } from "../artefact/built-program.ts";
import { LearningBench } from "./learning-bench.ts";

/** The container's security context as the manifest says it, done by util-linux: no capability anywhere, no way to one. */
const confined = ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--clear-groups"];

const canConfine = process.getuid?.() === 0 && existsSync(executablePath) && hasSetpriv();

describe.skipIf(!canConfine)("sensor under the security context of its manifests [requires root]", () => {
  let fixture: SimClusterFixture;
  let bench: LearningBench;

  beforeEach(async () => {
    fixture = await openSimCluster();
    bench = await LearningBench.open(fixture, "confined");
  });
  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
    await fixture[Symbol.asyncDispose]();
  });

  it("reads root's event file of mode 0600 as root without any capability, learns and alerts", async () => {
    chmodSync(bench.events.path, 0o600);
    chownSync(bench.events.path, 0, 0);
    await using sensor = await bench.start({ through: ["setpriv", "--reuid=0", "--regid=0", ...confined] });
    expect(capabilitiesOf(sensor.pid)).toEqual(["0000000000000000"]);
    await learnsAndAlerts(sensor);
  });

  it("reads an event file of mode 0640 as another user of root's group", async () => {
    chmodSync(bench.events.path, 0o640);
    chownSync(bench.events.path, 0, 0);
    // What such a user may reach: the program, the kubeconfig, and a state folder of its own.
    const folder = bench.folder.path;
    chmodSync(folder, 0o755);
    const program = join(folder, "kinglet");
    copyFileSync(executablePath, program);
    const kubeconfig = join(folder, "kubeconfig");
    copyFileSync(fixture.kubeconfigPath, kubeconfig);
    chownSync(kubeconfig, 65_532, 0);
    const state = join(folder, "state");
    mkdirSync(state, { recursive: true });
    chownSync(state, 65_532, 0);
    await using sensor = await bench.start({
      program,
      kubeconfig,
      through: ["setpriv", "--reuid=65532", "--regid=0", ...confined],
    });
    expect(capabilitiesOf(sensor.pid)).toEqual(["0000000000000000"]);
    await learnsAndAlerts(sensor);
  });

  async function learnsAndAlerts(sensor: Awaited<ReturnType<LearningBench["start"]>>): Promise<void> {
    const [cart] = await bench.addPod("cart", ["app"]);
    await bench.execute(cart!, "/app");
    await bench.learned(cart!);
    await bench.active(sensor, cart!);
    await bench.execute(cart!, "/app", "/usr/bin/nc");
    await sensor.alert(({ process }) => process.binary === "/usr/bin/nc", "nc");
    expect(await sensor.stop()).toBe(0);
  }
});

/** The distinct values of all sets of capabilities of a process. */
function capabilitiesOf(pid: number): readonly string[] {
  const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
  return [...new Set([...status.matchAll(/^Cap(?:Inh|Prm|Eff|Bnd|Amb):\t(\w+)$/gm)].map(([, value = ""]) => value))];
}

function hasSetpriv(): boolean {
  try {
    execFileSync("setpriv", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
