import { loadFieldTable, type FieldRow, type SpecialMessage } from "@kinglet/kube-schema/field-table";
import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import type { Arbitrary } from "fast-check";
import { describe, it } from "vitest";
import { encodeObject } from "../../test/protobuf-oracle.ts";
import { Interner } from "../interner.ts";
import { compileProjection } from "../projection.ts";
import { readUnknown } from "./envelope.ts";
import { createTableDecoder } from "./table-decoder.ts";
import { WireReader } from "./wire-reader.ts";

const table = loadFieldTable();

const KINDS: readonly [apiVersion: string, kind: string][] = [
  ["v1", "Pod"],
  ["v1", "Node"],
  ["v1", "ConfigMap"],
  ["v1", "Secret"],
  ["v1", "Service"],
  ["v1", "Event"],
  ["v1", "PersistentVolume"],
  ["apps/v1", "Deployment"],
  ["apps/v1", "ControllerRevision"],
  ["batch/v1", "CronJob"],
  ["networking.k8s.io/v1", "NetworkPolicy"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["certificates.k8s.io/v1", "CertificateSigningRequest"],
  ["coordination.k8s.io/v1", "Lease"],
  ["resource.k8s.io/v1", "ResourceSlice"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
  ["flowcontrol.apiserver.k8s.io/v1", "FlowSchema"],
];

/** Deeper than this only what must be there is generated: schemas hold schemas. */
const MAX_DEPTH = 7;

const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", "\u2028", "é", "nginx:1.27"),
);
const time = fc
  .integer({ min: -62_135_596_799, max: 253_402_300_799 })
  .map((seconds) => new Date(seconds * 1000).toISOString())
  .filter((text) => /^\d{4}-/.test(text))
  .map((text) => `${text.slice(0, 19)}Z`);

const SPECIALS: Readonly<Partial<Record<SpecialMessage, Arbitrary<unknown>>>> = {
  time,
  microTime: fc
    .tuple(time, fc.integer({ min: 0, max: 999_999 }))
    .map(([text, micros]) => `${text.slice(0, 19)}.${String(micros).padStart(6, "0")}Z`),
  duration: fc.integer({ min: 1, max: 59 }).map((seconds) => `${seconds}s`),
  quantity: fc.constantFrom("0", "100m", "1Gi", "1500m", "2e3"),
  intOrString: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), word),
  stringList: fc.array(word, { minLength: 1, maxLength: 3 }),
  // JSON.stringify writes -0 as 0.
  rawJson: fc
    .jsonValue({ maxDepth: 2 })
    .map((value) => JSON.parse(JSON.stringify(value)) as unknown)
    .filter((value) => value !== null),
  fieldsV1: fc.constant({ "f:metadata": {} }),
};

/** JSON of a message as the API server writes it. */
function jsonOf(message: string, depth: number): Arbitrary<Record<string, unknown>> {
  const parts = (table.rows(message) ?? []).filter(
    // Never decoded, or written into JSON only.
    ({ name }) => name !== "managedFields" && name !== "volumeClaimTemplates",
  );
  const arbitraries = parts.map((row) =>
    row.isInline
      ? jsonOf(row.message!, depth)
      : fieldOf(row, depth).map((value) => (value === undefined ? {} : ownKey(row.name, value))),
  );
  return fc.tuple(...arbitraries).map((objects) => Object.assign({}, ...objects) as Record<string, unknown>);
}

function fieldOf(row: FieldRow, depth: number): Arbitrary<unknown> {
  const absent = fc.constant(row.omitsEmpty ? undefined : null);
  const isDeep = depth >= MAX_DEPTH && (row.omitsEmpty || row.isPointer);
  if (isDeep && row.message !== undefined) return absent;
  if (row.isRepeated || row.isMap) {
    if (depth >= MAX_DEPTH) return absent;
    const many = row.isMap
      ? fc
          .array(fc.tuple(word, valueOf(row, depth)), { minLength: 1, maxLength: 3 })
          .map((entries) => Object.fromEntries(entries))
      : fc.array(valueOf(row, depth), { minLength: 1, maxLength: 3 });
    return rarely(depth, absent, many);
  }
  if (row.isPointer) return rarely(depth, absent, valueOf(row, depth));
  const value = valueOf(row, depth);
  if (!row.omitsEmpty) return row.type === "bytes" ? fc.oneof(fc.constant(null), value) : value;
  return value.map((one) => (one === "" || one === 0 || one === false || one === null ? undefined : one));
}

/** Objects must stay small: the deeper, the more often absent. */
function rarely(depth: number, absent: Arbitrary<unknown>, present: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc.oneof({ arbitrary: absent, weight: 2 + depth * 2 }, { arbitrary: present, weight: 3 });
}

function valueOf(row: FieldRow, depth: number): Arbitrary<unknown> {
  switch (row.type) {
    case "string":
      return word;
    case "bytes":
      return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64"));
    case "bool":
      return fc.boolean();
    case "int32":
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case "int64":
      return fc.maxSafeInteger();
    case "uint32":
    case "uint64":
      return fc.nat();
    case "double":
    case "float":
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    default:
      return messageOf(row.message!, depth);
  }
}

function messageOf(message: string, depth: number): Arbitrary<unknown> {
  const special = table.special(message);
  if (special === undefined) return lazily(() => jsonOf(message, depth + 1));
  const known = SPECIALS[special];
  if (known !== undefined) return known;
  const schema = lazily(() => jsonOf(`${message.slice(0, message.lastIndexOf("."))}.JSONSchemaProps`, depth + 2));
  if (special === "schemaOrBool") return fc.oneof(fc.boolean(), schema);
  if (special === "schemaOrArray") return fc.oneof(schema, fc.array(schema, { minLength: 1, maxLength: 2 }));
  return fc.oneof(schema, fc.array(word, { minLength: 1, maxLength: 2 }));
}

/** Made when first drawn: most of the tree of a kind is not. */
function lazily<T>(make: () => Arbitrary<T>): Arbitrary<T> {
  let made: Arbitrary<T> | undefined;
  return fc.constant(undefined).chain(() => (made ??= make()));
}

function ownKey(name: string, value: unknown): Record<string, unknown> {
  return { [name]: value };
}

function decode(bytes: Buffer, paths?: readonly string[]): unknown {
  const reader = new WireReader();
  reader.begin(bytes, 0, bytes.length);
  const { apiVersion, kind, rawStart, rawEnd } = readUnknown(reader, bytes.length);
  const decoder = createTableDecoder({ apiVersion, kind }, paths === undefined ? undefined : { paths })!;
  reader.begin(bytes, rawStart, rawEnd);
  const object = decoder(reader, rawEnd);
  reader.end(rawEnd);
  return object;
}

describe("createTableDecoder", () => {
  it.each(KINDS)(
    "decodes any %s %s that protobufjs encodes to its JSON [client C11] [client T9]",
    (apiVersion, kind) => {
      const object = jsonOf(table.messageOf(apiVersion, kind)!, 0).map((json) =>
        Object.assign({ apiVersion, kind }, json),
      );
      fc.assert(
        fc.property(object, (json) => {
          // Vitest takes a key called "constructor" for the constructor.
          deepStrictEqual(decode(encodeObject(json)), json);
        }),
        { seed: 1, numRuns: 40 },
      );
    },
  );

  it("projects any Pod to what its JSON is projected to [client C7]", () => {
    const paths = ["metadata.labels", 'metadata.annotations["a"]', "spec.containers[].image", "spec.volumes", "status"];
    const project = compileProjection({ paths });
    const object = jsonOf("k8s.io.api.core.v1.Pod", 0).map((json) =>
      Object.assign({ apiVersion: "v1", kind: "Pod" }, json),
    );
    fc.assert(
      fc.property(object, (json) => {
        const bytes = encodeObject(json);
        deepStrictEqual(decode(bytes, paths), project(structuredClone(json), new Interner(1, 0)));
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});
