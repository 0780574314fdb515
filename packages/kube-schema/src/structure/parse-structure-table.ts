import type { StructuralField, StructuralKind, StructuralType } from "./structural-type.ts";

const SCALARS: Readonly<Record<string, StructuralKind>> = {
  s: "string",
  b: "boolean",
  i: "int32",
  l: "int64",
  d: "number",
  y: "bytes",
  t: "time",
  u: "microTime",
  q: "quantity",
  x: "intOrString",
  r: "raw",
  j: "any",
};
const STRATEGIES: Readonly<Record<string, NonNullable<StructuralField["patchStrategy"]>>> = {
  m: "merge",
  r: "retainKeys",
  b: "merge,retainKeys",
};

/** A table of definitions whose fields are read from the text on first use. */
export interface StructureTable {
  /** `v1/Pod`, `apps/v1/Deployment` → type */
  readonly kinds: ReadonlyMap<string, StructuralType>;
}

/** An object type that parses its line of the table when somebody asks for its fields, and then keeps them. */
class TableType implements StructuralType {
  readonly kind = "object";
  readonly name: string;
  readonly mapType?: "atomic";
  #line: string | undefined;
  #fields: Map<string, StructuralField> | undefined;
  readonly #all: readonly StructuralType[];

  constructor(name: string, line: string, isAtomic: boolean, all: readonly StructuralType[]) {
    this.name = name;
    if (isAtomic) this.mapType = "atomic";
    this.#line = line;
    this.#all = all;
  }

  get fields(): ReadonlyMap<string, StructuralField> {
    if (this.#fields === undefined) {
      const fields = new Map<string, StructuralField>();
      for (const text of (this.#line ?? "").split(";")) {
        if (text !== "") fields.set(text.slice(0, text.indexOf(":")), parseField(text, this.#all));
      }
      this.#fields = fields;
      this.#line = undefined;
    }
    return this.#fields;
  }
}

/**
 * Reads the table that `tools/kube-schema-generator` writes. Splits it into definitions and parses no field.
 *
 * @throws Error later, when a line that is asked for is malformed: a fault of the generator, which a test excludes
 */
export function parseStructureTable(table: string): StructureTable {
  const all: StructuralType[] = [];
  const kinds = new Map<string, StructuralType>();
  for (const line of table.split(" ")) {
    const [name = "", kindList = "", mapType = "", ...fields] = line.split("|");
    const type = new TableType(name, fields.join("|"), mapType === "@", all);
    all.push(type);
    for (const kind of kindList.split(",")) if (kind !== "") kinds.set(kind, type);
  }
  return { kinds };
}

/** `name:type:flags[=mergeKey][~default]` */
function parseField(text: string, all: readonly StructuralType[]): StructuralField {
  const [, typeText = "", ...rest] = text.split(":");
  const tail = rest.join(":");
  const parts = /^(R?)(A?)(P?)([mrb]?)(?:=([^~]*))?(?:~(.*))?$/.exec(tail);
  const parsed = parseType(typeText, 0, all);
  if (parts === null) throw new Error(`structure table: field ${text}`);
  const field: { -readonly [Key in keyof StructuralField]: StructuralField[Key] } = { type: parsed };
  if (parts[1] !== "") field.isRequired = true;
  if (parts[2] !== "") field.isAlwaysWritten = true;
  if (parts[3] !== "") field.isPointer = true;
  const strategy = STRATEGIES[parts[4] ?? ""];
  if (strategy !== undefined) field.patchStrategy = strategy;
  if (parts[5] !== undefined) field.patchMergeKey = parts[5];
  if (parts[6] !== undefined) field.default = JSON.parse(parts[6]) as unknown;
  return field;
}

function parseType(text: string, at: number, all: readonly StructuralType[]): StructuralType {
  const code = text[at] ?? "";
  const scalar = SCALARS[code];
  if (scalar !== undefined) return { kind: scalar };
  switch (code) {
    case "o":
      return { kind: "any" };
    case "M":
      return { kind: "map", element: parseType(text, at + 1, all) };
    case "@": {
      const inner = parseType(text, at + 1, all);
      return inner instanceof TableType
        ? { kind: "object", name: inner.name, mapType: "atomic", fields: inner.fields }
        : { ...inner, mapType: "atomic" };
    }
    case "#": {
      const type = all[Number.parseInt(text.slice(at + 1, text.indexOf(".", at)), 36)];
      if (type !== undefined) return type;
      break;
    }
    case "L":
      return parseList(text, at + 1, all);
    default:
  }
  throw new Error(`structure table: type ${text}`);
}

function parseList(text: string, at: number, all: readonly StructuralType[]): StructuralType {
  if (text[at] === "m") {
    const end = text.indexOf("!", at);
    const listMapKeys = text.slice(at + 1, end).split(",");
    return { kind: "list", listType: "map", listMapKeys, element: parseType(text, end + 1, all) };
  }
  const listType = text[at] === "s" ? "set" : "atomic";
  return { kind: "list", listType, element: parseType(text, at + 1, all) };
}
