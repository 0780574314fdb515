import type { FieldRow, FieldType, SpecialMessage } from "./field-row.ts";

/**
 * Which fields the messages of the built-in kinds have.
 *
 * @public
 */
export interface FieldTable {
  /**
   * The message of a kind, or `undefined` for a kind that is not built in. Kinds that every group version serves (`Status`, `DeleteOptions`, `WatchEvent`,
   * `PartialObjectMetadata` …) are found under `meta.k8s.io/v1`, under `v1`, and under every other version of a built-in group.
   */
  messageOf(apiVersion: string, kind: string): string | undefined;
  /** The fields of a message in the order of its `.proto` file, or `undefined` for an unknown name. The same array each time. */
  rows(message: string): readonly FieldRow[] | undefined;
  /** How a message translates that is not written as an object; such messages have rows too. */
  special(message: string): SpecialMessage | undefined;
}

const META = "k8s.io.apimachinery.pkg.apis.meta.v1";

const TYPES: Readonly<Record<string, FieldType>> = {
  s: "string",
  y: "bytes",
  i: "int32",
  l: "int64",
  u: "uint32",
  U: "uint64",
  b: "bool",
  d: "double",
  f: "float",
  m: "message",
};

const SPECIAL: Readonly<Record<string, SpecialMessage>> = {
  "k8s.io.apimachinery.pkg.apis.meta.v1.Time": "time",
  "k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime": "microTime",
  "k8s.io.apimachinery.pkg.apis.meta.v1.Duration": "duration",
  "k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1": "fieldsV1",
  "k8s.io.apimachinery.pkg.api.resource.Quantity": "quantity",
  "k8s.io.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
  "k8s.io.apimachinery.pkg.runtime.RawExtension": "rawJson",
  "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON": "rawJson",
  "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "schemaOrBool",
  "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "schemaOrArray",
  "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "schemaOrStringArray",
};

/** The text of the table, taken apart into lines once and into rows per message when it is asked for. */
export class TextFieldTable implements FieldTable {
  readonly #lines = new Map<string, string>();
  readonly #packages = new Map<string, string>();
  readonly #kinds = new Set<string>();
  readonly #lists = new Set<string>();
  readonly #rows = new Map<string, readonly FieldRow[]>();

  /** @param text - as `tools/kube-schema-generator` writes it. */
  constructor(text: string) {
    let packageName = "";
    for (const line of text.split("\n")) {
      if (line.startsWith("# ")) {
        const [, name = "", apiVersion] = line.split(" ");
        packageName = name;
        if (apiVersion !== undefined) this.#packages.set(apiVersion, name);
        continue;
      }
      const space = line.indexOf(" ");
      const head = space === -1 ? line : line.slice(0, space);
      if (head === "") continue;
      const name = `${packageName}.${/\w+/.exec(head)![0]}`;
      if (head.endsWith("!")) this.#kinds.add(name);
      if (head.endsWith("~")) this.#lists.add(name);
      this.#lines.set(name, space === -1 ? "" : line.slice(space + 1));
    }
  }

  messageOf(apiVersion: string, kind: string): string | undefined {
    const packageName = this.#packages.get(apiVersion);
    if (packageName === undefined) return undefined;
    const own = `${packageName}.${kind}`;
    if (this.#kinds.has(own)) return own;
    const shared = `${META}.${kind}`;
    return this.#kinds.has(shared) || kind === "WatchEvent" ? shared : undefined;
  }

  rows(message: string): readonly FieldRow[] | undefined {
    const known = this.#rows.get(message);
    if (known !== undefined) return known;
    const line = this.#lines.get(message);
    if (line === undefined) return undefined;
    const packageName = message.slice(0, message.lastIndexOf("."));
    const rows = line === "" ? [] : line.split(" ").map((text) => parseRow(text, packageName));
    this.#rows.set(message, rows);
    return rows;
  }

  special(message: string): SpecialMessage | undefined {
    return this.#lists.has(message) ? "stringList" : SPECIAL[message];
  }
}

function parseRow(text: string, packageName: string): FieldRow {
  const [, name = "", number = "", letter = "", marks = "", reference = ""] =
    /^([^=]*)=(\d+)(\w)([*[{?<]*)(.*)$/.exec(text) ?? [];
  return {
    name,
    number: Number(number),
    type: TYPES[letter] ?? "bytes",
    message: letter === "m" ? fullName(reference, packageName) : undefined,
    isRepeated: marks.includes("["),
    isMap: marks.includes("{"),
    omitsEmpty: marks.includes("?"),
    isPointer: marks.includes("*"),
    isInline: marks.includes("<"),
  };
}

function fullName(reference: string, packageName: string): string {
  if (reference.startsWith("@")) return `${META}.${reference.slice(1)}`;
  return reference.includes(".") ? reference : `${packageName}.${reference}`;
}
