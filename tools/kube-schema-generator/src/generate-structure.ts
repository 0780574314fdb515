/**
 * Writes the structure table of packages/kube-schema from the OpenAPI v3 documents of a Kubernetes release and, for what JSON
 * leaves out when it is empty, from the struct tags of its Go modules. Only interface facts are taken: names, types, keys,
 * defaults; no descriptions.
 *
 * Usage: node --conditions=@kinglet/source tools/kube-schema-generator/src/generate-structure.ts DOCUMENTS GO_MODULES OUTPUT
 * where DOCUMENTS holds `apis__apps__v1_openapi.json` and the like, and GO_MODULES is the folder `k8s.io` of a Go module cache.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GoStructs } from "./go-structs.ts";
import { type OpenApiSchema, StructureEncoder } from "./structure-encoder.ts";

const DOCUMENT = /^apis?__(?:.+__)?v\d+(?:_openapi)?\.json$/;
const VERSION = "v1.36.3";

function main(): void {
  const [documents, goModules, output] = process.argv.slice(2);
  if (documents === undefined || goModules === undefined || output === undefined) {
    throw new Error("usage: generate-structure.ts DOCUMENTS GO_MODULES OUTPUT");
  }
  const schemas = new Map<string, OpenApiSchema>();
  for (const file of readdirSync(documents).sort()) {
    if (!DOCUMENT.test(file)) continue;
    const document = JSON.parse(readFileSync(join(documents, file), "utf8")) as {
      components?: { schemas?: Record<string, OpenApiSchema> };
    };
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) schemas.set(name, schema);
  }
  const encoder = new StructureEncoder(schemas, new GoStructs(goModules));
  const text = encoder.encode();
  if (/[`\\]|\$\{/.test(text)) throw new Error("the table holds a character that a template literal would not keep");
  writeFileSync(
    output,
    `/** Structure of the built-in kinds of Kubernetes ${VERSION}; written by tools/kube-schema-generator, read by parse-structure-table.ts. */\n` +
      `export const STRUCTURE_TABLE: string = \`${text}\`;\n`,
  );
  console.log(`${encoder.definitionCount} definitions, ${text.length} characters`);
}

main();
