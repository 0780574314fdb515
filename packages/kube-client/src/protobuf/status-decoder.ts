import { readUnknown } from "./envelope.ts";
import { WireFault } from "./wire-fault.ts";
import { WireReader } from "./wire-reader.ts";

/** What errors are made of in a meta/v1 Status. @internal */
export interface DecodedStatus {
  readonly kind: "Status";
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details: {
    readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
    readonly retryAfterSeconds: number | undefined;
    readonly uid: string;
  };
}

/**
 * Reads a `meta.v1.Status` from the reader's position to `end`. By hand, since every client needs it and few ever run it.
 *
 * @throws WireFault
 * @internal
 */
export function decodeStatus(reader: WireReader, end: number): DecodedStatus {
  let code = 0;
  let reason = "";
  let message = "";
  let details: DecodedStatus["details"] = { causes: [], retryAfterSeconds: undefined, uid: "" };
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === 26) message = reader.text();
    else if (tag === 34) reason = reader.name();
    else if (tag === 42) details = decodeDetails(reader);
    else if (tag === 48) code = reader.int32();
    else reader.skip(tag);
  }
  return { kind: "Status", code, reason, message, details };
}

function decodeDetails(reader: WireReader): DecodedStatus["details"] {
  const end = reader.enter();
  const causes: DecodedStatus["details"]["causes"][number][] = [];
  let retryAfterSeconds: number | undefined;
  let uid = "";
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === 34) causes.push(decodeCause(reader));
    else if (tag === 40) retryAfterSeconds = reader.int32() || undefined;
    else if (tag === 50) uid = reader.text();
    else reader.skip(tag);
  }
  reader.end(end);
  return { causes, retryAfterSeconds, uid };
}

function decodeCause(reader: WireReader): DecodedStatus["details"]["causes"][number] {
  const end = reader.enter();
  let reason = "";
  let message = "";
  let field = "";
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === 10) reason = reader.name();
    else if (tag === 18) message = reader.text();
    else if (tag === 26) field = reader.text();
    else reader.skip(tag);
  }
  reader.end(end);
  return { reason, message, field };
}

/** The Status that a whole answer is; `undefined` when it is something else. @internal */
export function statusOf(bytes: Buffer): DecodedStatus | undefined {
  const reader = new WireReader();
  try {
    reader.begin(bytes, 0, bytes.length);
    const { kind, rawStart, rawEnd } = readUnknown(reader, bytes.length);
    if (kind !== "Status") return undefined;
    reader.begin(bytes, rawStart, rawEnd);
    return decodeStatus(reader, rawEnd);
  } catch (error) {
    if (error instanceof WireFault) return undefined;
    throw error;
  }
}
