import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeDecoder } from "@kinglet/kube-client/decoder-writer";

/** The decoders of the bundle's ConfigMaps by file name: run as a program, this writes them. They are checked in: nothing loads the field table for them. */
export function configMapDecoders(): Readonly<Record<string, string>> {
  return {
    "config-map-decoder.ts": writeDecoder(
      { paths: ["data", "binaryData"] },
      { kind: { apiVersion: "v1", kind: "ConfigMap" }, name: "createConfigMapDecoder" },
    ),
    "config-map-identity-decoder.ts": writeDecoder(
      { paths: [] },
      { kind: { apiVersion: "v1", kind: "ConfigMap", metadataOnly: true }, name: "createConfigMapIdentityDecoder" },
    ),
  };
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../src/settings/gen");
  for (const [name, text] of Object.entries(configMapDecoders())) writeFileSync(join(folder, name), text);
}
