import { createShape, compileProjection, type Projection } from "../src/projection.ts";
import { Interner } from "../src/interner.ts";
import { readUnknown } from "../src/protobuf/envelope.ts";
import type { ProtobufDecoder, ProtobufDecoderFactory } from "../src/protobuf/protobuf-decoder.ts";
import { setKey } from "../src/protobuf/set-key.ts";
import { createTableDecoder } from "../src/protobuf/table-decoder.ts";
import { WireReader } from "../src/protobuf/wire-reader.ts";
import { writeDecoder } from "../src/protobuf/write-decoder.ts";
import { encodeObject } from "../test/protobuf-oracle.ts";
import { realisticPod, SENSOR_POD_PATHS } from "../test/realistic-pod.ts";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A way to turn a pod that came over the wire into an object. */
export interface Candidate {
  readonly name: string;
  readonly decode: (index: number) => unknown;
}

/** The wire forms of `count` realistic pods, as a client gets them: bytes. */
export function makePods(count: number): { readonly json: Buffer[]; readonly protobuf: Buffer[] } {
  const json: Buffer[] = [];
  const protobuf: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const pod = realisticPod(index);
    json.push(Buffer.from(JSON.stringify(pod)));
    const bytes = encodeObject(pod);
    const reader = new WireReader();
    reader.begin(bytes, 0, bytes.length);
    const { rawStart, rawEnd } = readUnknown(reader, bytes.length);
    protobuf.push(Buffer.from(bytes.subarray(rawStart, rawEnd)));
  }
  return { json, protobuf };
}

/** The candidates over those pods; each has tables of its own. */
export async function makeCandidates(pods: {
  readonly json: Buffer[];
  readonly protobuf: Buffer[];
}): Promise<Candidate[]> {
  const projection: Projection = { paths: SENSOR_POD_PATHS };
  const project = compileProjection(projection);
  const interner = new Interner(4096, 256);
  const parse = (index: number): unknown => JSON.parse(pods.json[index]!.toString("utf8"));
  // The library's main export does not name its deserialiser.
  const peer = join(
    dirname(createRequire(import.meta.url).resolve("@kubernetes/client-node")),
    "gen/models/ObjectSerializer.js",
  );
  const { ObjectSerializer } = (await import(peer)) as {
    readonly ObjectSerializer: { deserialize(value: unknown, type: string, format: string): unknown };
  };
  const protobuf = (decode: ProtobufDecoder): ((index: number) => unknown) => {
    const reader = new WireReader();
    return (index) => {
      const bytes = pods.protobuf[index]!;
      reader.begin(bytes, 0, bytes.length);
      return decode(reader, bytes.length);
    };
  };
  const kind = { apiVersion: "v1", kind: "Pod" };
  return [
    { name: "JSON.parse", decode: parse },
    { name: "@kubernetes/client-node", decode: (index) => ObjectSerializer.deserialize(parse(index), "V1Pod", "") },
    { name: "projected JSON", decode: (index) => project(parse(index) as Record<string, unknown>, interner) },
    { name: "whole protobuf, table", decode: protobuf(createTableDecoder(kind, undefined)!) },
    { name: "projected protobuf, table", decode: protobuf(createTableDecoder(kind, projection)!) },
    { name: "projected protobuf, written", decode: protobuf(await writtenDecoder(projection, kind)) },
  ];
}

async function writtenDecoder(
  projection: Projection,
  kind: { readonly apiVersion: string; readonly kind: string },
): Promise<ProtobufDecoder> {
  const file = join(tmpdir(), `kinglet-bench-decoder-${process.pid}.ts`);
  writeFileSync(file, writeDecoder(projection, { kind, name: "createDecoder" }));
  try {
    const module = (await import(/* @vite-ignore */ file)) as { readonly createDecoder: ProtobufDecoderFactory };
    return module.createDecoder({ createShape, setKey });
  } finally {
    rmSync(file);
  }
}
