import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildDeclarations } from "../src/build-declarations.ts";
import { type ReportDifferences, staleReports } from "../src/stale-reports.ts";

const root = join(import.meta.dirname, "../../..");

describe("packages/*/etc/*.api.md", () => {
  let found: ReportDifferences;
  beforeAll(async () => {
    await buildDeclarations(root);
    found = await staleReports(root, { write: false });
  });

  it("show the public surface as it is: `pnpm api-report` changes nothing", () => {
    expect(found.stale).toEqual([]);
  });

  it("say of every export whether it is public", () => {
    expect(found.problems).toEqual([]);
  });
});
