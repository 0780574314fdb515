import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { KubeSim } from "@kinglet/kube-sim";
import { createKubeClient } from "@kinglet/kube-client";
import { systemClock } from "@kinglet/lifecycle";
import { defaultCertificateTimes, loadX509Issuer, reconcileCertificates } from "@kinglet/policy-controller";
import { encodeBundle, type BundleObject } from "@kinglet/policy-engine/bundle";
import { parse, parseAllDocuments } from "yaml";
import { openScenario, type Scenario } from "./applet-scenario.ts";

const deploy = join(import.meta.dirname, "../../../deploy");
const namespace = "kinglet";

/** The config-controller with a cluster that has its definitions, and this many policies of the default pack. */
export function configControllerScenario(policies = 0): Promise<Scenario> {
  return openScenario({
    applet: "config-controller",
    prepare: async (sim) => {
      createNamespace(sim);
      for (const file of (await readdir(join(deploy, "crds"))).filter((name) => name.endsWith(".yaml"))) {
        sim.apply(parse(await readFile(join(deploy, "crds", file), "utf8")) as never);
      }
      for (const policy of await readPack(policies)) sim.apply(policy as never);
      await issueCertificates(sim);
    },
    // A lease of its own: a run is killed at its end, and the next one would wait until the lease that it held expires.
    args: (_folder, run) => [
      "--lease-name",
      `run-${basename(run)
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, "")}`,
    ],
  });
}

/** The admission controller with a certificate and a bundle of this many policies of the default pack. */
export function admissionControllerScenario(policies = 0): Promise<Scenario> {
  return openScenario({
    applet: "admission-controller",
    prepare: async (sim, folder) => {
      createNamespace(sim);
      const { documents } = await encodeBundle({ policies: await readPack(policies), rules: [] });
      for (const { name, data, binaryData } of documents) {
        sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data, binaryData });
      }
      const { x509Issuer } = await loadX509Issuer();
      const now = Date.now();
      const validity = { notBefore: now - 60_000, notAfter: now + 86_400_000 };
      const authority = await x509Issuer.issue({ commonName: "budget", dnsNames: [], ...validity });
      const serving = await x509Issuer.issue({
        commonName: "localhost",
        dnsNames: ["localhost"],
        ...validity,
        authority,
      });
      await writeFile(join(folder, "tls.crt"), serving.certificate);
      await writeFile(join(folder, "tls.key"), serving.key);
    },
    args: (folder, run) => ["--certificate-dir", folder, "--state-dir", run, "--bind", "127.0.0.1:0"],
  });
}

/** Certificates as every start but the very first one finds them. */
async function issueCertificates({ server, caPem, token }: KubeSim): Promise<void> {
  await using client = createKubeClient({ server, caPem, token, origin: "heap-budget" });
  const { x509Issuer } = await loadX509Issuer();
  const webhook = {
    name: "kinglet-admission",
    service: { namespace, name: "kinglet-admission-controller", port: 443 },
    failurePolicy: { deploy: "Ignore", events: "Ignore" },
    timeoutSeconds: 12,
    excludedNamespaces: [],
  } as const;
  const secretNames = { authorities: "kinglet-webhook-ca", serving: "kinglet-webhook-tls" };
  const options = {
    client,
    issuer: x509Issuer,
    webhook,
    secretNames,
    times: defaultCertificateTimes,
    clock: systemClock,
  };
  await reconcileCertificates(options, new AbortController().signal);
}

function createNamespace(sim: KubeSim): void {
  sim.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
}

/** The first policies of the default pack, as they would be in the namespace. */
async function readPack(count: number): Promise<readonly BundleObject[]> {
  const policies: BundleObject[] = [];
  if (count === 0) return policies;
  const folder = join(deploy, "policies");
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".yaml")).toSorted()) {
    for (const document of parseAllDocuments(await readFile(join(folder, file), "utf8"))) {
      const object = document.toJS() as BundleObject;
      policies.push({ ...object, metadata: { ...object.metadata, namespace } });
    }
  }
  if (policies.length < count) throw new Error(`the default pack has ${String(policies.length)} policies`);
  return policies.slice(0, count);
}
