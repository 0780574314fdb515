const MAGIC = Buffer.from("k8s\0", "latin1");

/**
 * What an envelope says about its content: `v1 Pod`, or `ADDED v1 ConfigMap` for a frame of a watch. Contents of protobuf
 * answers are compared by the decoder's own tests.
 */
export function describeEnvelope(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  if (hasMagic(bytes)) return describeUnknown(bytes);
  const event = readFields(bytes);
  const raw = event.get(2);
  const inner = raw === undefined ? undefined : readFields(raw).get(1);
  return `${event.get(1)?.toString() ?? ""} ${inner === undefined ? "?" : describeUnknown(inner)}`;
}

function hasMagic(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).equals(MAGIC);
}

function describeUnknown(bytes: Buffer): string {
  if (!hasMagic(bytes)) return "no magic";
  const identity = readFields(readFields(bytes.subarray(4)).get(1) ?? Buffer.alloc(0));
  return `${identity.get(1)?.toString() ?? ""} ${identity.get(2)?.toString() ?? ""}`;
}

/** First value of each length-delimited field. */
function readFields(bytes: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = readVarint();
    if ((tag & 7) === 0) {
      readVarint();
      continue;
    }
    if ((tag & 7) !== 2) break;
    const length = readVarint();
    if (!fields.has(tag >> 3)) fields.set(tag >> 3, bytes.subarray(at, at + length));
    at += length;
  }
  return fields;
}
