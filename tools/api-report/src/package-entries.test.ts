import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageEntries } from "./package-entries.ts";

const packages = join(import.meta.dirname, "../../../packages");

describe("packageEntries", () => {
  it("gives the package's own name to its root, and adds the sub-path to the others", async () => {
    const reports = (await packageEntries(join(packages, "kube-client"), "kube-client")).map(({ report }) => report);
    expect(reports[0]).toBe("kube-client");
    expect(reports).toContain("kube-client.controller");
  });

  it("takes entries of a package without a root", async () => {
    const entries = await packageEntries(join(packages, "kube-schema"), "kube-schema");
    expect(entries).toContainEqual({
      report: "kube-schema.field-table",
      declarations: "dist/field-table/index.d.ts",
    });
  });
});
