import { existsSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult, type IViolation } from "dependency-cruiser";
import extractTypeScriptConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { boundaryRules } from "./boundary-rules.ts";
import { readPackages } from "./read-packages.ts";

/** One broken rule, ready to print. */
interface BrokenBoundary {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** What a check saw. */
export interface BoundaryReport {
  readonly broken: readonly BrokenBoundary[];
  /** TypeScript files that were read. Zero means that the reader skipped them in silence, as it does without TypeScript < 7. */
  readonly filesRead: number;
}

/**
 * Checks every file below `ROOT/packages`, `ROOT/apps` and `ROOT/tools` against the boundaries.
 *
 * @param root - the repository, or a planted violation laid out like it.
 */
export async function checkBoundaries(root: string): Promise<BoundaryReport> {
  const packages = await readPackages(root);
  const folders = ["packages", "apps", "tools"].filter((name) => existsSync(join(root, name)));
  const tsConfig = extractTypeScriptConfig(join(root, "tsconfig.base.json"));
  const result = await cruise(
    folders,
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: boundaryRules(packages) },
      exclude: { path: "(^|/)(dist|node_modules|golden|\\.cache)/|^tools/boundaries/fixtures/" },
      doNotFollow: { path: "node_modules" },
      tsConfig: { fileName: join(root, "tsconfig.base.json") },
      tsPreCompilationDeps: "specify",
      combinedDependencies: true,
      enhancedResolveOptions: {
        exportsFields: ["exports"],
        conditionNames: ["@kinglet/source", "import", "node", "default"],
        extensions: [".ts", ".mjs", ".js", ".cjs", ".json"],
        mainFields: ["main", "types"],
      },
    },
    undefined,
    { tsConfig },
  );
  const output = result.output as ICruiseResult;
  return {
    broken: output.summary.violations.map(toBroken),
    filesRead: output.modules.filter((module) => module.source.endsWith(".ts") && module.coreModule !== true).length,
  };
}

function toBroken(violation: IViolation): BrokenBoundary {
  return { rule: violation.rule.name, from: violation.from, to: violation.to };
}
