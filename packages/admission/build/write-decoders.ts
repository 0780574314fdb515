import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeDecoder } from "@kinglet/kube-client/decoder-writer";

const rbac = "rbac.authorization.k8s.io/v1";

/** What is decoded: file, kind, and the paths that are kept. */
const decoders = [
  ["settings/gen/config-map-decoder.ts", "v1", "ConfigMap", ["data", "binaryData"]],
  ["decision/gen/namespace-decoder.ts", "v1", "Namespace", ["metadata.labels"]],
  [
    "decision/gen/service-decoder.ts",
    "v1",
    "Service",
    ["spec.selector", "spec.type", "spec.ports", "spec.externalIPs"],
  ],
  [
    "decision/gen/network-policy-decoder.ts",
    "networking.k8s.io/v1",
    "NetworkPolicy",
    ["spec.podSelector", "spec.policyTypes", "spec.egress"],
  ],
  ["decision/gen/role-decoder.ts", rbac, "Role", ["rules"]],
  ["decision/gen/cluster-role-decoder.ts", rbac, "ClusterRole", ["rules"]],
  ["decision/gen/role-binding-decoder.ts", rbac, "RoleBinding", ["roleRef", "subjects"]],
  ["decision/gen/cluster-role-binding-decoder.ts", rbac, "ClusterRoleBinding", ["roleRef", "subjects"]],
] as const;

/** The decoders of this package by file below `src`: run as a program, this writes them. They are checked in: nothing loads the field table for them. */
export function admissionDecoders(): Readonly<Record<string, string>> {
  const identity = { apiVersion: "v1", kind: "ConfigMap", metadataOnly: true };
  const files: Record<string, string> = {
    "settings/gen/config-map-identity-decoder.ts": writeDecoder(
      { paths: [] },
      { kind: identity, name: "createConfigMapIdentityDecoder" },
    ),
  };
  for (const [file, apiVersion, kind, paths] of decoders) {
    files[file] = writeDecoder({ paths }, { kind: { apiVersion, kind }, name: `create${kind}Decoder` });
  }
  return files;
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../src");
  mkdirSync(join(folder, "decision/gen"), { recursive: true });
  for (const [name, text] of Object.entries(admissionDecoders())) writeFileSync(join(folder, name), text);
}
