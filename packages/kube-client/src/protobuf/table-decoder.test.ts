import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withoutManagedFields } from "../projection.ts";
import { readUnknown } from "./envelope.ts";
import { createTableDecoder } from "./table-decoder.ts";
import { WireReader } from "./wire-reader.ts";

const folder = new URL("../../test/recordings/kinds/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -5));

function decode(bytes: Buffer): unknown {
  const reader = new WireReader();
  reader.begin(bytes, 0, bytes.length);
  const { apiVersion, kind, rawStart, rawEnd } = readUnknown(reader, bytes.length);
  const decoder = createTableDecoder({ apiVersion, kind }, undefined);
  reader.begin(bytes, rawStart, rawEnd);
  return decoder!(reader, rawEnd);
}

function expected(name: string): Record<string, unknown> {
  const object = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as Record<string, unknown>;
  object["metadata"] = withoutManagedFields(object["metadata"]);
  return object;
}

describe("createTableDecoder", () => {
  it.each(names)("[client C11] [client T9] decodes %s to what its JSON is", (name) => {
    const decoded = decode(readFileSync(new URL(`${name}.pb`, folder))) as { items?: unknown[] };
    const json = expected(name) as { items?: { metadata: unknown }[] };
    for (const item of json.items ?? []) item.metadata = withoutManagedFields(item.metadata);
    for (const item of (decoded.items ?? []) as { metadata: unknown }[]) {
      item.metadata = withoutManagedFields(item.metadata);
    }
    expect(decoded).toStrictEqual(json);
  });
});
