import { readdirSync, readFileSync } from "node:fs";
import { loadFieldTable } from "@kinglet/kube-schema/field-table";
import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../resources/kube-object.ts";
import { ProtobufDecoder } from "./protobuf-decoder.ts";
import { ProtobufEncoder } from "./protobuf-encoder.ts";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

interface Pair {
  readonly name: string;
  readonly object: JsonRecord & { readonly apiVersion: string; readonly kind: string };
  readonly bytes: Buffer;
}

function pairs(): Pair[] {
  const found: Pair[] = [];
  for (const folder of ["kinds", "kind-lists"]) {
    const at = new URL(`../../test/recordings/${folder}/`, import.meta.url);
    for (const file of readdirSync(at).filter((name) => name.endsWith(".pb"))) {
      const name = file.slice(0, -3);
      const object = JSON.parse(readFileSync(new URL(`${name}.json`, at), "utf8")) as Pair["object"];
      found.push({ name, object, bytes: readFileSync(new URL(file, at)) });
    }
  }
  return found;
}

describe("ProtobufEncoder", () => {
  const encoder = new ProtobufEncoder(loadFieldTable());

  it.each(pairs())("writes $name byte for byte as the real server", ({ object, bytes }) => {
    expect(encoder.encode(object.apiVersion, object.kind, object).equals(bytes)).toBe(true);
  });

  it("frames an event with its length in four bytes", () => {
    const frame = encoder.encodeFrame("ADDED", "v1", "ConfigMap", { metadata: { name: "a" } });
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
    expect(frame.includes("k8s\0")).toBe(true);
  });

  it("knows kinds that have a message", () => {
    expect(encoder.knows("apps/v1", "DeploymentList")).toBe(true);
    expect(encoder.knows("example.dev/v1", "Widget")).toBe(false);
  });
});

describe("ProtobufDecoder", () => {
  const table = loadFieldTable();
  const decoder = new ProtobufDecoder(table);
  const encoder = new ProtobufEncoder(table);

  it.each(pairs())("reads $name so that it is written the same again", ({ bytes }) => {
    const decoded = decoder.decode(bytes, { apiVersion: "", kind: "" });
    const { apiVersion = "", kind = "", object = {} } = decoded ?? {};
    expect(encoder.encode(apiVersion, kind, object).equals(bytes)).toBe(true);
  });

  it("takes nothing that is no envelope, and no kind without a message", () => {
    expect(decoder.decode(Buffer.from("{}"), { apiVersion: "v1", kind: "Pod" })).toBeUndefined();
    const widget = encoder.encode("example.dev/v1", "Widget", {});
    expect(decoder.decode(widget, { apiVersion: "", kind: "" })).toEqual({
      apiVersion: "example.dev/v1",
      kind: "Widget",
      object: undefined,
    });
  });
});

describe("WireWriter", () => {
  it.each([0, 1, 127, 128, 300, 2 ** 31, 2 ** 53 - 1, -1, -(2 ** 31), -(2 ** 53) + 1])(
    "writes %d so that it reads back",
    (value) => {
      const writer = new WireWriter(1);
      writer.varint(value);
      expect(new WireReader(Buffer.from(writer.bytes())).signed()).toBe(value);
    },
  );

  it.each(["", "short", "ünïcödé", "\u{1f426} kinglet", "x".repeat(10_000)])(
    "writes texts with their length in bytes",
    (text) => {
      const writer = new WireWriter(1);
      writer.text(text);
      expect(new WireReader(Buffer.from(writer.bytes())).block().toString()).toBe(text);
    },
  );
});
