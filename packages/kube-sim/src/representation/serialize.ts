import { loadFieldTable, type FieldTable } from "@kinglet/kube-schema/field-table";
import { loadYaml } from "../decoding/lazy.ts";
import { ProtobufEncoder } from "./protobuf-encoder.ts";

/** An encoder learns the fields of a message once; one per table. */
const encoders = new WeakMap<FieldTable, ProtobufEncoder>();

/** The encoder of the built-in kinds. */
export function protobufEncoder(): ProtobufEncoder {
  const table = loadFieldTable();
  let encoder = encoders.get(table);
  if (encoder === undefined) {
    encoder = new ProtobufEncoder(table);
    encoders.set(table, encoder);
  }
  return encoder;
}

/**
 * JSON as the real server writes it: `<`, `>`, `&` and the line separators U+2028 and U+2029 are escaped, so that no client takes
 * one of the latter for the end of a watch event.
 */
export function toJsonText(value: unknown): string {
  const text = JSON.stringify(value);
  return UNSAFE.test(text) ? text.replace(ALL_UNSAFE, escapeCharacter) : text;
}

const UNSAFE = /[<>&\u2028\u2029]/;
const ALL_UNSAFE = /[<>&\u2028\u2029]/g;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** YAML with sorted members, as the real server writes it. */
export async function toYamlText(value: unknown): Promise<string> {
  const { stringify } = await loadYaml();
  const text = stringify(value, {
    version: "1.1",
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 80,
    aliasDuplicateObjects: false,
  });
  // Field owners are full of members called "."; Go leaves them bare.
  return text.replace(/^(\s*(?:- )*)"\.":/gm, "$1.:");
}
