import type { WireReader } from "./wire-reader.ts";

/** What every object in protobuf begins with, `k8s\0`; then a `runtime.Unknown`. @internal */
export const MAGIC: readonly number[] = [0x6b, 0x38, 0x73, 0];

/** Which kind an envelope holds, and where its bytes are. @internal */
export interface UnknownObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly rawStart: number;
  readonly rawEnd: number;
}

/**
 * Reads magic and envelope from the reader's position to `end`.
 *
 * @throws WireFault when it is not there.
 * @internal
 */
export function readUnknown(reader: WireReader, end: number): UnknownObject {
  if (!reader.startsWith(MAGIC)) throw reader.fault("it does not begin with the magic of Kubernetes protobuf");
  reader.position += MAGIC.length;
  let type = { apiVersion: "", kind: "" };
  let rawStart = end;
  let rawEnd = end;
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === 10) {
      type = readTypeMeta(reader, reader.enter());
    } else if (tag === 18) {
      rawEnd = reader.valueEnd();
      rawStart = reader.position;
      reader.position = rawEnd;
    } else if (tag === 26 && reader.text() !== "") {
      throw reader.fault("the object is encoded once more");
    } else if (tag !== 26) {
      reader.skip(tag);
    }
  }
  if (reader.position !== end) throw reader.fault("the envelope does not end where its length says");
  return { apiVersion: type.apiVersion, kind: type.kind, rawStart, rawEnd };
}

/** Reads a `runtime.TypeMeta` that was entered. @internal */
export function readTypeMeta(reader: WireReader, end: number): { readonly apiVersion: string; readonly kind: string } {
  let apiVersion = "";
  let kind = "";
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === 10) apiVersion = reader.name();
    else if (tag === 18) kind = reader.name();
    else reader.skip(tag);
  }
  reader.end(end);
  return { apiVersion, kind };
}
