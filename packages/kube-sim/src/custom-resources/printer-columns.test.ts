import { loadStructure } from "@kinglet/kube-schema/structure";
import { describe, expect, it } from "vitest";
import { COLUMN_DESCRIPTIONS, COLUMN_FACTS } from "../representation/gen/column-facts.ts";
import { METADATA_FIELDS } from "./custom-resource-rules.ts";
import { printerColumns } from "./printer-columns.ts";

describe("printerColumns", () => {
  it("describes name and age as the columns of built-in kinds do", () => {
    const recorded = [0, 1].map(
      (at) => COLUMN_DESCRIPTIONS[COLUMN_FACTS["roles.rbac.authorization.k8s.io"]?.[at]?.[4] ?? -1],
    );
    expect(printerColumns([]).map(({ description }) => description)).toEqual(recorded);
  });
});

describe("METADATA_FIELDS", () => {
  it("names what the metadata of built-in kinds declare", () => {
    const metadata = loadStructure().typeOf("v1", "ConfigMap")?.fields?.get("metadata");
    expect([...METADATA_FIELDS]).toEqual([...(metadata?.type.fields?.keys() ?? [])]);
  });
});
