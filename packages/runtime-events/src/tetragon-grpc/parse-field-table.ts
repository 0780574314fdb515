/** A field of a message of the table. @internal */
export interface FieldEntry {
  readonly number: number;
  readonly name: string;
  /** A scalar, `map` (string to string), a message or enum of the table, or one of protobuf's own messages. */
  readonly type: string;
  readonly isRepeated: boolean;
  readonly isInOneof: boolean;
  /** False for what the product passes over. */
  readonly isRead: boolean;
  /** Release that brought it, e.g. `1.3`; `1.0` means 1.0 or before. */
  readonly since: string;
}

/** A message or an enum of the table. @internal */
export interface TableEntry {
  readonly kind: "message" | "enum";
  readonly name: string;
  /** Proto file that declares it. */
  readonly file: string;
  /** Empty for an enum. */
  readonly fields: readonly FieldEntry[];
  /** Name by number; empty for a message. */
  readonly values: ReadonlyMap<number, string>;
}

/**
 * Reads the text of `field-table.ts`.
 *
 * @returns the entries by name, in the order of the text.
 * @internal
 */
export function parseFieldTable(text: string): ReadonlyMap<string, TableEntry> {
  const entries = new Map<string, TableEntry>();
  let file = "";
  let fields: FieldEntry[] = [];
  let values: Map<number, string> | undefined;
  for (const part of text.split(/[;\n]/)) {
    const words = part.trim().split(" ");
    const [first, name] = words;
    if (first === "file") file = name!;
    else if (first === "message" || first === "enum") {
      fields = [];
      values = first === "enum" ? new Map() : undefined;
      entries.set(name!, { kind: first, name: name!, file, fields, values: values ?? new Map() });
    } else if (first !== "" && values !== undefined) values.set(Number(first), name!);
    else if (first !== "") fields.push(parseField(words));
  }
  return entries;
}

function parseField(words: readonly string[]): FieldEntry {
  const [number = "", name = "", type = "", ...marks] = words;
  const since = marks.find((mark) => mark.startsWith("@"));
  return {
    number: Math.abs(Number(number)),
    name,
    type: type.endsWith("[]") ? type.slice(0, -2) : type,
    isRepeated: type.endsWith("[]"),
    isInOneof: marks.includes("|"),
    isRead: !number.startsWith("-"),
    since: since === undefined ? "1.0" : since.slice(1),
  };
}
