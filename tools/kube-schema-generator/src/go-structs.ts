import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One field of a Go struct, as its `json` tag names it. */
export interface GoField {
  readonly name: string;
  readonly goType: string;
  readonly omitsEmpty: boolean;
  readonly omitsZero: boolean;
}

const FIELD = /^\s*(?:\w+\s+)?([\w.[\]*{}]+)\s+`[^`]*json:"([^"]*)"/;

/** Looks up the structs of Kubernetes' API packages by the names that its OpenAPI documents use. */
export class GoStructs {
  readonly #root: string;
  readonly #packages = new Map<string, Map<string, readonly GoField[]>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** @returns the fields in the order of the source, embedded structs flattened; undefined when there is no such struct. */
  fieldsOf(definition: string): readonly GoField[] | undefined {
    const at = definition.lastIndexOf(".");
    return this.#package(definition.slice(0, at)).get(definition.slice(at + 1));
  }

  #package(name: string): Map<string, readonly GoField[]> {
    const known = this.#packages.get(name);
    if (known !== undefined) return known;
    const structs = new Map<string, readonly GoField[]>();
    this.#packages.set(name, structs);
    const folder = this.#folder(name);
    if (folder === undefined) return structs;
    for (const file of readdirSync(folder).sort()) {
      if (!file.endsWith(".go") || file.includes("_test") || file.startsWith("zz_") || file.startsWith("generated"))
        continue;
      this.#readStructs(readFileSync(join(folder, file), "utf8"), structs);
    }
    return structs;
  }

  /** `io.k8s.api.apps.v1` lives in the module `api`, whose folder carries the version after an `@`. */
  #folder(name: string): string | undefined {
    const parts = name.split(".");
    if (parts[0] !== "io" || parts[1] !== "k8s") return undefined;
    const module = readdirSync(this.#root).find((entry) => entry.startsWith(`${parts[2]}@`));
    return module === undefined ? undefined : join(this.#root, module, ...parts.slice(3));
  }

  #readStructs(source: string, structs: Map<string, readonly GoField[]>): void {
    for (const match of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
      const fields: GoField[] = [];
      for (const line of (match[2] ?? "").split("\n")) {
        const field = FIELD.exec(line);
        if (field === null) continue;
        const [name = "", ...options] = (field[2] ?? "").split(",");
        const goType = field[1] ?? "";
        if (options.includes("inline") || (name === "" && options.length > 0)) {
          fields.push({ name: "", goType, omitsEmpty: false, omitsZero: false });
        } else if (name !== "-" && name !== "") {
          const [omitsEmpty, omitsZero] = [options.includes("omitempty"), options.includes("omitzero")];
          fields.push({ name, goType, omitsEmpty, omitsZero });
        }
      }
      structs.set(match[1] ?? "", fields);
    }
    // Embedded structs of the same package; TypeMeta and ObjectMeta of another one are handled by the encoder.
    for (const [name, fields] of structs) {
      structs.set(
        name,
        fields.flatMap((field) => (field.name === "" ? (structs.get(field.goType) ?? [field]) : [field])),
      );
    }
  }
}
