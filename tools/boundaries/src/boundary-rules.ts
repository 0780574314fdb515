import type { IForbiddenRuleType } from "dependency-cruiser";
import type { PackageFacts } from "./read-packages.ts";

/** Files that are not part of the product: tests, benchmarks, fixtures. */
const testFiles = "\\.test\\.ts$|/test/|/bench/|/fixtures/|/golden/";

/**
 * The boundaries of the repository as dependency-cruiser rules, made from the layers that the packages state.
 *
 * Each rule has a planted violation under `fixtures/` that proves that it fires.
 */
export function boundaryRules(packages: readonly PackageFacts[]): IForbiddenRuleType[] {
  return [
    ...layerRules(packages),
    {
      name: "no-cycles",
      comment:
        "Two files that need each other are one thing, or a third is missing. A seam in lazy.ts names what it loads later and needs nothing of it.",
      severity: "error",
      from: { pathNot: testFiles },
      to: { circular: true, viaOnly: { pathNot: "/lazy\\.ts$" } },
    },
    {
      name: "no-tests-in-production",
      comment: "Test support reaches users' machines otherwise.",
      severity: "error",
      from: { path: "^(packages/(?!testing/)|apps/)[^/]+/src/", pathNot: testFiles },
      to: { path: `${testFiles}|^packages/testing/` },
    },
    {
      name: "no-simulator-in-product",
      comment: "The API simulator is for demos and tests.",
      severity: "error",
      from: { path: "^(packages/(?!testing/|kube-sim/)|apps/)[^/]+/src/", pathNot: testFiles },
      to: { path: "^packages/kube-sim/" },
    },
    {
      name: "no-tools-in-product",
      comment: "Programs that watch over the repository are no part of it.",
      severity: "error",
      from: { path: "^(packages|apps)/[^/]+/src/", pathNot: testFiles },
      to: { path: "^(tools|scripts)/" },
    },
    {
      name: "only-through-the-entry",
      comment: "A package is entered through its exports map; a file below src/ may move any day.",
      severity: "error",
      from: { path: "^(packages|apps|tools)/([^/]+)/" },
      to: { path: "^packages/[^/]+/src/", pathNot: `^packages/$2/|${entryPaths(packages)}` },
    },
    {
      name: "applets-only-dynamically",
      comment: "One static import of an applet makes every other applet pay for it.",
      severity: "error",
      from: { path: "^apps/kinglet/src/", pathNot: "^apps/kinglet/src/applets/" },
      to: { path: "^apps/kinglet/src/applets/", dynamic: false },
    },
    {
      name: "applets-do-not-know-each-other",
      comment: "Shared behaviour moves down into a package.",
      severity: "error",
      from: { path: "^apps/kinglet/src/applets/([^/]+)/" },
      to: { path: "^apps/kinglet/src/applets/", pathNot: "^apps/kinglet/src/applets/$1/" },
    },
    {
      name: "dynamic-imports-only-in-lazy",
      comment: "Lazy modules have one obvious place, so that start-up can be read from the tree.",
      severity: "error",
      from: {
        path: "^(packages|apps)/[^/]+/src/",
        pathNot: `/lazy\\.ts$|^apps/kinglet/src/applets\\.ts$|${testFiles}`,
      },
      to: { dynamic: true },
    },
    {
      name: "layer-0-stands-alone",
      comment: "Layer 0 has no third-party dependency and does no input or output.",
      severity: "error",
      from: { path: `^packages/(${namesOf(packages, 0)})/src/`, pathNot: testFiles },
      to: { dependencyTypes: ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "core"] },
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere is not checked by any other rule.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ];
}

function layerRules(packages: readonly PackageFacts[]): IForbiddenRuleType[] {
  const rules: IForbiddenRuleType[] = [];
  for (const layer of [0, 1, 2]) {
    const higher = packages.filter((row) => typeof row.layer === "number" && row.layer > layer).map((row) => row.name);
    if (higher.length === 0) continue;
    rules.push({
      name: "layers-point-down",
      comment: "Imports go down only; a lower layer declares a port instead.",
      severity: "error",
      from: { path: `^packages/(${namesOf(packages, layer)})/src/`, pathNot: testFiles },
      to: { path: `^packages/(${higher.join("|")})/` },
    });
  }
  for (const { name, layer, sameLayer } of packages) {
    const others = packages.filter((row) => row.layer === layer && row.name !== name && !sameLayer.includes(row.name));
    if (layer === "outside" || others.length === 0) continue;
    rules.push({
      name: "same-layer-only-where-listed",
      comment: "Neighbours in a layer know each other only if package.json says so (sameLayer).",
      severity: "error",
      from: { path: `^packages/${name}/src/`, pathNot: testFiles },
      to: { path: `^packages/(${others.map((row) => row.name).join("|")})/` },
    });
  }
  return rules;
}

function namesOf(packages: readonly PackageFacts[], layer: number): string {
  const names = packages.filter((row) => row.layer === layer).map((row) => row.name);
  return names.length === 0 ? "(?!)" : names.join("|");
}

function entryPaths(packages: readonly PackageFacts[]): string {
  const paths = packages.flatMap(({ name, entries }) => entries.map((entry) => `packages/${name}/${entry}`));
  return `^(${paths.map((path) => path.replaceAll(".", "\\.")).join("|")})$`;
}
