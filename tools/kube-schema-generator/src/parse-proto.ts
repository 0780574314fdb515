/** One field of a protobuf message. */
export interface ProtoField {
  readonly name: string;
  readonly number: number;
  /** A scalar's name, or the full name of a message. For a map the type of its values; keys are strings. */
  readonly type: string;
  readonly isRepeated: boolean;
  readonly isMap: boolean;
}

/** A message and its fields in the order of the file. */
export interface ProtoMessage {
  readonly fullName: string;
  readonly fields: readonly ProtoField[];
}

const SCALARS = new Set(["string", "bytes", "int32", "int64", "uint32", "uint64", "bool", "double", "float"]);

/** True for the scalar types that {@link parseProto} knows; every other type is a message. */
export function isScalar(type: string): boolean {
  return SCALARS.has(type);
}

/**
 * Reads the subset of proto2 in which `go-to-protobuf` writes: one package, flat messages, no enums, no oneofs.
 *
 * @throws Error naming the line it does not understand: a new construct must not be passed over in silence.
 */
export function parseProto(text: string): { readonly packageName: string; readonly messages: readonly ProtoMessage[] } {
  let packageName = "";
  const messages: ProtoMessage[] = [];
  let open: { fullName: string; fields: ProtoField[] } | undefined;
  for (const line of withoutComments(text).split("\n")) {
    const code = line.trim();
    if (code === "" || /^(syntax|import|option) /.test(code)) continue;
    const packageMatch = /^package ([\w.]+);$/.exec(code);
    const messageMatch = /^message (\w+) \{(\})?$/.exec(code);
    if (packageMatch !== null) {
      packageName = packageMatch[1]!;
    } else if (messageMatch !== null && open === undefined) {
      const message = { fullName: `${packageName}.${messageMatch[1]!}`, fields: [] };
      messages.push(message);
      if (messageMatch[2] === undefined) open = message;
    } else if (code === "}") {
      open = undefined;
    } else if (open !== undefined) {
      open.fields.push(parseField(code, packageName));
    } else {
      throw new Error(`not understood in ${packageName}: ${code}`);
    }
  }
  return { packageName, messages };
}

function parseField(code: string, packageName: string): ProtoField {
  const map = /^map<string, ([\w.]+)> (\w+) = (\d+);$/.exec(code);
  const plain = /^(optional|repeated) ([\w.]+) (\w+) = (\d+)(?: \[\w+ = \w+\])?;$/.exec(code);
  const [type, name, number] = map === null ? (plain?.slice(2) ?? []) : map.slice(1);
  if (type === undefined || name === undefined || number === undefined) {
    throw new Error(`not understood in ${packageName}: ${code}`);
  }
  return {
    name,
    number: Number(number),
    type: qualify(type, packageName),
    isRepeated: plain?.[1] === "repeated",
    isMap: map !== null,
  };
}

function qualify(type: string, packageName: string): string {
  if (isScalar(type)) return type;
  if (type.startsWith(".")) return type.slice(1);
  return type.includes(".") ? type : `${packageName}.${type}`;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
