import type { Metafile } from "esbuild";
import { describe, expect, it } from "vitest";
import { renderStartupGraph, startupGraph } from "./startup-graph.ts";

type Import = Metafile["inputs"][string]["imports"][number];

function metafile(graph: Readonly<Record<string, readonly Import[]>>): Metafile {
  const inputs: Metafile["inputs"] = {};
  for (const [path, imports] of Object.entries(graph)) inputs[path] = { bytes: 1, imports: [...imports] };
  return { inputs, outputs: {} };
}

const still = (path: string): Import => ({ path, kind: "import-statement" });

describe("startupGraph", () => {
  it("follows static imports and stops at dynamic ones", () => {
    const graph = startupGraph(
      metafile({ "a.ts": [still("b.ts"), { path: "c.ts", kind: "dynamic-import" }], "b.ts": [], "c.ts": [] }),
      "a.ts",
    );
    expect(graph.modules).toEqual(["a.ts", "b.ts"]);
  });

  it("shows an import that became eager", () => {
    const graph = startupGraph(metafile({ "a.ts": [still("c.ts")], "c.ts": [] }), "a.ts");
    expect(renderStartupGraph(graph)).toContain("c.ts");
  });

  it("survives cycles and names Node's modules", () => {
    const graph = startupGraph(
      metafile({ "a.ts": [still("b.ts")], "b.ts": [still("a.ts"), { ...still("node:https"), external: true }] }),
      "a.ts",
    );
    expect(graph).toEqual({ modules: ["a.ts", "b.ts"], external: ["node:https"] });
  });

  it("names a module that is not in the bundle", () => {
    expect(() => startupGraph(metafile({}), "gone.ts")).toThrow("gone.ts is not part of the bundle");
  });
});

describe("renderStartupGraph", () => {
  it("folds third-party packages into one line each", () => {
    const modules = [
      "node_modules/.pnpm/@x+y@1/node_modules/@x/y/a.js",
      "node_modules/.pnpm/@x+y@1/node_modules/@x/y/b.js",
    ];
    expect(renderStartupGraph({ modules, external: ["fs"] })).toBe("npm @x/y (2 modules)\nnode:fs\n");
  });
});
