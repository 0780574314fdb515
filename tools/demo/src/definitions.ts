import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** A CustomResourceDefinition as the demo needs it. @internal */
export interface Definition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string }[];
  };
  readonly [field: string]: unknown;
}

const folder = join(import.meta.dirname, "../../../deploy/crds");

/** Reads every definition of `deploy/crds`. @internal */
export function readDefinitions(): Definition[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return files.sort().map((name) => parse(readFileSync(join(folder, name), "utf8")) as Definition);
}
