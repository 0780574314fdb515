/** What a Go struct says about one field that is also in the protobuf message. */
export interface GoField {
  /** Protobuf field number. */
  readonly number: number;
  /** Name in JSON; empty where the tag gives none, as for an embedded struct, whose fields stand in the outer object. */
  readonly jsonName: string;
  readonly isPointer: boolean;
  readonly hasOmitEmpty: boolean;
  readonly hasOmitZero: boolean;
  readonly isInline: boolean;
}

/** A Go struct with JSON and protobuf tags. */
export interface GoStruct {
  readonly name: string;
  /** Embeds TypeMeta: it is a kind of its own, not only a part of one. */
  readonly isKind: boolean;
  readonly fields: readonly GoField[];
}

/**
 * Reads the struct types of a Go source file and their tags, as `gofmt` writes them: one field on a line.
 *
 * Fields without a protobuf tag are left out. Named slices (`type Verbs []string`), which are messages on the wire, are named in `wrappers`;
 * `aliases` are the types that are another package's struct (`type MatchCondition v1.MatchCondition`).
 */
export function parseGoStructs(source: string): {
  readonly structs: readonly GoStruct[];
  readonly wrappers: readonly string[];
  readonly aliases: ReadonlyMap<string, string>;
} {
  const structs: GoStruct[] = [];
  const wrappers: string[] = [];
  const aliases = new Map<string, string>();
  let open: { name: string; isKind: boolean; fields: GoField[] } | undefined;
  for (const line of source.split("\n")) {
    const start = /^type (\w+) struct \{(\})?/.exec(line);
    if (start !== null) {
      open = { name: start[1]!, isKind: false, fields: [] };
      structs.push(open);
      if (start[2] !== undefined) open = undefined;
    } else if (line === "}") {
      open = undefined;
    } else if (open === undefined) {
      const wrapper = /^type (\w+) \[\]/.exec(line);
      if (wrapper !== null) wrappers.push(wrapper[1]!);
      const alias = /^type (\w+) =? ?(\w+\.\w+)$/.exec(line);
      if (alias !== null) aliases.set(alias[1]!, alias[2]!);
    } else if (!/^\s*\/\//.test(line)) {
      if (/^\s+(\w+\.)?TypeMeta\s/.test(line)) open.isKind = true;
      const field = parseGoField(line);
      if (field !== undefined) open.fields.push(field);
    }
  }
  return { structs, wrappers, aliases };
}

function parseGoField(line: string): GoField | undefined {
  // `Name Type tags`, or `Type tags` for an embedded struct.
  const match = /^\s+(?:\w+\s+)?([\w.*[\]]+)\s+`(.*)`/.exec(line);
  if (match === null) return undefined;
  const [, type = "", tags = ""] = match;
  const number = /protobuf:"\w+,(\d+),/.exec(tags)?.[1];
  if (number === undefined) return undefined;
  const [jsonName = "", ...options] = (/json:"([^"]*)"/.exec(tags)?.[1] ?? "").split(",");
  return {
    number: Number(number),
    jsonName: jsonName === "-" ? "" : jsonName,
    isPointer: type.startsWith("*"),
    hasOmitEmpty: options.includes("omitempty"),
    hasOmitZero: options.includes("omitzero"),
    isInline: options.includes("inline"),
  };
}
