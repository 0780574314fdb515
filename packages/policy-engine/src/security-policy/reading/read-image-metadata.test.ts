import { checkDefinition } from "@kinglet/lazy-schema";
import { anything, assert, property } from "fast-check";
import { describe, expect, it } from "vitest";

import { imageDocumentSchema } from "./image-document-schema.ts";
import { readImageMetadata } from "./read-image-metadata.ts";

describe("readImageMetadata", () => {
  it("reads what is known and leaves out what is not", () => {
    const { images, problems } = readImageMetadata({
      images: [
        { ref: "a:1" },
        { ref: "b:1", scan: null, verifiedBy: [] },
        {
          ref: "c:1",
          config: {
            created: "1970-01-01T00:00:01Z",
            labels: { k: "v" },
            layers: [{ instruction: "run", text: "make" }],
          },
          scan: {
            components: [{ name: "openssl", vulnerabilities: [{ id: "CVE-1", severity: "LOW", suppressed: true }] }],
          },
        },
      ],
    });
    expect(problems).toEqual([]);
    expect(images.get("a:1")).toEqual({});
    expect(images.get("b:1")).toEqual({ scan: null, verifiedBy: [] });
    expect(images.get("c:1")).toEqual({
      config: {
        created: 1000,
        user: "",
        labels: new Map([["k", "v"]]),
        layers: [{ instruction: "RUN", text: "make" }],
      },
      scan: {
        scanned: undefined,
        operatingSystem: "",
        components: [
          {
            name: "openssl",
            version: "",
            vulnerabilities: [
              {
                id: "CVE-1",
                severity: "LOW",
                cvss: undefined,
                nvdCvss: undefined,
                fixedBy: "",
                published: undefined,
                fixAvailable: undefined,
                firstSeenInImage: undefined,
                firstSeenInSystem: undefined,
                isSuppressed: true,
              },
            ],
          },
        ],
      },
    });
  });

  it("names everything that is wrong, and gives no image then", () => {
    const { images, problems } = readImageMetadata({
      images: [
        { ref: "" },
        { ref: "b", scan: { components: [{ vulnerabilities: [{ id: "x", severity: "HIGH" }] }] } },
        3,
      ],
      extra: 1,
    });
    expect(images.size).toBe(0);
    expect(problems.map(({ path }) => path)).toEqual([
      "images[0].ref",
      "images[1].scan.components[0].name",
      "images[1].scan.components[0].vulnerabilities[0].severity",
      "images[2]",
      "extra",
    ]);
  });

  it("never throws", () => {
    assert(
      property(anything(), (value) => {
        expect(readImageMetadata(value).images.size).toBe(0);
        readImageMetadata({ images: [{ ref: "a", config: value, scan: value }] });
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe("imageDocumentSchema", () => {
  it("has no mistakes", () => {
    expect(checkDefinition(imageDocumentSchema())).toEqual([]);
  });
});
