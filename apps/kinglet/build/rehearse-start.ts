import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKubeSim, type KubeSim } from "@kinglet/kube-sim";
import { loadX509Issuer } from "@kinglet/policy-controller";
import { encodeBundle } from "@kinglet/policy-engine/bundle";
import { parse } from "yaml";

const namespace = "kinglet";
const crds = join(import.meta.dirname, "../../../deploy/crds");

/** Applets that serve, with what each needs to become ready, and its arguments. */
const rehearsals: Readonly<Record<string, (sim: KubeSim, folder: string) => Promise<readonly string[]>>> = {
  sensor: async (sim, folder) => {
    await applyDefinitions(sim);
    await writeFile(join(folder, "tetragon.log"), "");
    return ["--node-name", "node", "--tetragon-file", join(folder, "tetragon.log"), "--state-dir", folder];
  },
  "admission-controller": async (sim, folder) => {
    const { documents } = await encodeBundle({ policies: [], rules: [] });
    for (const { name, data, binaryData } of documents) {
      sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data, binaryData });
    }
    const { x509Issuer } = await loadX509Issuer();
    const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
    const { certificate, key } = await x509Issuer.issue({
      commonName: "rehearsal",
      dnsNames: ["localhost"],
      ...validity,
    });
    await writeFile(join(folder, "tls.crt"), certificate);
    await writeFile(join(folder, "tls.key"), key);
    return ["--certificate-dir", folder, "--state-dir", folder, "--bind", "127.0.0.1:0"];
  },
  "config-controller": async (sim) => {
    await applyDefinitions(sim);
    return [];
  },
};

/** How long a start may take before the build fails, milliseconds. */
const patienceMs = 60_000;

/**
 * Starts each applet that serves against a simulated API server until it is ready, and has V8 write what it compiled of each part on the way.
 *
 * A code cache made right after compiling holds a script's outermost functions alone; every other function that a start runs would be compiled in it: 10 ms of
 * an executable's start. Nothing is kept in memory for it that a start would not have compiled itself.
 *
 * @param recorder - how to run `record-caches.cjs` on the texts, without the program's own arguments.
 * @throws when an applet does not become ready, with what it printed.
 */
export async function rehearseStarts(recorder: readonly [string, ...string[]]): Promise<void> {
  for (const [applet, prepare] of Object.entries(rehearsals)) {
    const folder = await mkdtemp(join(tmpdir(), "kinglet-rehearsal-"));
    await using sim = await openKubeSim();
    try {
      const account = join(folder, "serviceaccount");
      await mkdir(account);
      await writeFile(join(account, "token"), sim.token);
      await writeFile(join(account, "ca.crt"), sim.caPem);
      await writeFile(join(account, "namespace"), namespace);
      sim.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      const args = await prepare(sim, folder);
      const { hostname, port } = new URL(sim.server);
      await rehearse([...recorder, applet, ...args, "--metrics-bind", "127.0.0.1:0", "--debug-bind", "127.0.0.1:0"], {
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        KINGLET_SERVICE_ACCOUNT_DIR: account,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function applyDefinitions(sim: KubeSim): Promise<void> {
  for (const file of (await readdir(crds)).filter((name) => name.endsWith(".yaml"))) {
    sim.apply(parse(await readFile(join(crds, file), "utf8")) as never);
  }
}

async function rehearse(
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(program, args, {
    env,
    stdio: ["ignore", "ignore", "pipe"],
    timeout: patienceMs,
    killSignal: "SIGKILL",
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  child.once("error", reject);
  child.once("close", (code) => {
    if (code === 0) resolve();
    else reject(new Error(`the rehearsal of a start failed: ${args.join(" ")}\n${printed}`));
  });
  await promise;
}
