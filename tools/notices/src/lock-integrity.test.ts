import { describe, expect, it } from "vitest";
import { lockIntegrity } from "./lock-integrity.ts";

describe("lockIntegrity", () => {
  it("reads plain and scoped packages and leaves others out", () => {
    const text = [
      "packages:",
      "",
      "  '@scope/a@1.2.3':",
      "    resolution: {integrity: sha512-AAEC}",
      "",
      "  b@2.0.0:",
      "    resolution: {integrity: sha512-/w==}",
      "    engines: {node: '>=20'}",
      "",
      "  c@1.0.0:",
      "    resolution: {directory: ../c, type: directory}",
      "",
    ].join("\n");
    expect([...lockIntegrity(text)]).toEqual([
      ["@scope/a@1.2.3", "000102"],
      ["b@2.0.0", "ff"],
    ]);
  });
});
