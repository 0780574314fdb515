/** A tree with exactly one broken boundary. */
export interface PlantedViolation {
  /** The rule that must fire. */
  readonly rule: string;
  /** File contents by path; every package named here gets a package.json from `packages`. */
  readonly files: Readonly<Record<string, string>>;
  /** Layers of the packages in the tree. */
  readonly packages: Readonly<
    Record<string, { readonly layer: number | "outside"; readonly sameLayer?: readonly string[] }>
  >;
}

const layers = {
  low: { layer: 0 },
  service: { layer: 1 },
  domain: { layer: 2 },
  neighbour: { layer: 2 },
  testing: { layer: "outside" },
  "kube-sim": { layer: "outside" },
} as const;

const one = "export const one = 1;\n";
const entry = (from: string): string => `export { one } from "${from}";\n`;

/** One planted violation per rule: a rule that stops firing fails the test that plants it. */
export const plantedViolations: readonly PlantedViolation[] = [
  {
    rule: "layers-point-down",
    packages: layers,
    files: { "packages/low/src/index.ts": entry("../../domain/src/index.ts"), "packages/domain/src/index.ts": one },
  },
  {
    rule: "layers-point-down",
    packages: layers,
    files: {
      "packages/service/src/index.ts": `import type { T } from "../../domain/src/index.ts";\nexport type U = T;\n`,
      "packages/domain/src/index.ts": "export type T = 1;\n",
    },
  },
  {
    rule: "same-layer-only-where-listed",
    packages: layers,
    files: {
      "packages/domain/src/index.ts": entry("../../neighbour/src/index.ts"),
      "packages/neighbour/src/index.ts": one,
    },
  },
  {
    rule: "no-cycles",
    packages: layers,
    files: {
      "packages/domain/src/a.ts": `import { b } from "./b.ts";\nexport const a = (): unknown => b;\n`,
      "packages/domain/src/b.ts": `import { a } from "./a.ts";\nexport const b = (): unknown => a;\n`,
    },
  },
  {
    rule: "no-tests-in-production",
    packages: layers,
    files: { "packages/domain/src/index.ts": entry("./one.test.ts"), "packages/domain/src/one.test.ts": one },
  },
  {
    rule: "no-tests-in-production",
    packages: layers,
    files: {
      "packages/domain/src/index.ts": entry("../../testing/src/index.ts"),
      "packages/testing/src/index.ts": one,
    },
  },
  {
    rule: "no-simulator-in-product",
    packages: layers,
    files: {
      "packages/domain/src/index.ts": entry("../../kube-sim/src/index.ts"),
      "packages/kube-sim/src/index.ts": one,
    },
  },
  {
    rule: "no-tools-in-product",
    packages: layers,
    files: { "packages/domain/src/index.ts": entry("../../../tools/gate/src/gate.ts"), "tools/gate/src/gate.ts": one },
  },
  {
    rule: "only-through-the-entry",
    packages: layers,
    files: { "packages/domain/src/index.ts": entry("../../low/src/hidden.ts"), "packages/low/src/hidden.ts": one },
  },
  {
    rule: "applets-only-dynamically",
    packages: layers,
    files: {
      "apps/kinglet/src/applets.ts": entry("./applets/sensor/applet.ts"),
      "apps/kinglet/src/applets/sensor/applet.ts": one,
    },
  },
  {
    rule: "applets-do-not-know-each-other",
    packages: layers,
    files: {
      "apps/kinglet/src/applets/heap/applet.ts": entry("../sensor/applet.ts"),
      "apps/kinglet/src/applets/sensor/applet.ts": one,
    },
  },
  {
    rule: "dynamic-imports-only-in-lazy",
    packages: layers,
    files: {
      "packages/domain/src/index.ts": `export const load = (): Promise<unknown> => import("./heavy.ts");\n`,
      "packages/domain/src/heavy.ts": one,
    },
  },
  {
    rule: "layer-0-stands-alone",
    packages: layers,
    files: { "packages/low/src/index.ts": `export { readFileSync } from "node:fs";\n` },
  },
  {
    rule: "resolvable",
    packages: layers,
    files: { "packages/domain/src/index.ts": entry("./missing.ts") },
  },
];
