import { defineConfig } from "vitest/config";

/** Packages are tested from source: no build step between an edit and its tests. */
const conditions = ["@kinglet/source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "packages/*/{src,test}/**/*.test.ts",
            "tools/*/src/**/*.test.ts",
            "apps/*/src/**/*.test.ts",
            "deploy/image/*.test.ts",
          ],
          exclude: ["**/*.long.test.ts", "**/node_modules/**"],
          execArgv: ["--expose-gc"],
          benchmark: { include: [] },
          // Ends a test that hangs; a busy machine is no reason to fail a property test.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "bench",
          include: [],
          benchmark: { include: ["packages/*/bench/**/*.bench.ts", "apps/*/bench/**/*.bench.ts"] },
          execArgv: ["--expose-gc"],
        },
      },
      {
        extends: true,
        test: {
          name: "artefact",
          include: ["apps/*/test/artefact/**/*.test.ts", "tools/*/test/*.artefact.test.ts"],
          benchmark: { include: [] },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["apps/*/test/e2e/**/*.test.ts"],
          exclude: ["**/*.long.test.ts"],
          benchmark: { include: [] },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "long",
          include: [
            "packages/*/{src,test}/**/*.long.test.ts",
            "apps/*/test/**/*.long.test.ts",
            "tools/*/test/**/*.long.test.ts",
            "deploy/**/*.long.test.ts",
          ],
          benchmark: { include: [] },
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
