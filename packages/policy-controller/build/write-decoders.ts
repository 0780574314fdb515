import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeDecoder } from "@kinglet/kube-client/decoder-writer";

/** The decoder of what is only watched for being there, by file name: run as a program, this writes it. It is checked in, so that nothing loads the field table. */
export function policyControllerDecoders(): Readonly<Record<string, string>> {
  return {
    "identity-decoder.ts": writeDecoder(
      { paths: [] },
      { kind: { apiVersion: "v1", kind: "Secret", metadataOnly: true }, name: "createIdentityDecoder" },
    ),
  };
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../src/gen");
  for (const [name, text] of Object.entries(policyControllerDecoders())) writeFileSync(join(folder, name), text);
}
