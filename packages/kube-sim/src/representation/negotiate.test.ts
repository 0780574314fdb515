import { describe, expect, it } from "vitest";
import { isProducible, negotiate, type Offer } from "./negotiate.ts";

const ALL: Offer = { encodings: ["json", "yaml", "protobuf"], allowsTransforms: true, isCustom: false };
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

describe("negotiate", () => {
  it.each([
    [undefined, "json", undefined],
    ["*/*", "json", undefined],
    ["application/*", "json", undefined],
    ["application/yaml", "yaml", undefined],
    ["application/json;q=0.5,application/vnd.kubernetes.protobuf", "protobuf", undefined],
    ["*/*,application/yaml", "yaml", undefined],
    [TABLE, "json", "Table"],
    ["application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json", "json", undefined],
    ["application/json;as=Table;v=v9;g=meta.k8s.io,application/yaml", "yaml", undefined],
    ["application/json;stream=watch", "json", undefined],
    [
      "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
      "protobuf",
      "PartialObjectMetadataList",
    ],
  ])("reads %s", (accept, encoding, transform) => {
    const chosen = negotiate(accept, ALL);
    expect([chosen?.encoding, chosen?.transform?.kind]).toEqual([encoding, transform]);
  });

  it("finds nothing where nothing fits", () => {
    expect(negotiate("text/html", ALL)).toBeUndefined();
    expect(negotiate("application/json;as=Nope;v=v1;g=meta.k8s.io", ALL)).toBeUndefined();
    expect(negotiate("application/json;stream=other", ALL)).toBeUndefined();
    expect(negotiate(TABLE, { ...ALL, allowsTransforms: false })).toBeUndefined();
  });

  it("has no protobuf for whole custom resources, but for their metadata", () => {
    const custom = { ...ALL, isCustom: true };
    expect(negotiate("application/vnd.kubernetes.protobuf", custom)).toBeUndefined();
    const metadata = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    expect(negotiate(metadata, custom)?.encoding).toBe("protobuf");
  });
});

describe("isProducible", () => {
  it("looks at media types alone", () => {
    expect(isProducible("application/json;as=Nope", ["application/json"])).toBe(true);
    expect(isProducible("text/html, */*;q=0.1", ["application/json"])).toBe(true);
    expect(isProducible("text/html", ["application/json"])).toBe(false);
  });
});
