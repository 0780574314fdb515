import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSyntheticSnapshot } from "../../bench/synthetic-snapshot.ts";
import { readModules } from "../../build/module-map.ts";
import { bundlePath, executablePath, executableSkip, runToEnd } from "./built-program.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kinglet heap "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  readonly name: string;
  readonly countGrowth: number;
  readonly sizeGrowth: number;
  readonly countAfter: number;
}

interface Report {
  readonly before: { readonly count: number; readonly size: number };
  readonly total: { readonly sizeGrowth: number };
  readonly byConstructor: { readonly top: readonly Row[] };
  readonly byModule: { readonly top: readonly Row[] };
}

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

async function compare(program: readonly [string, ...string[]], ...args: string[]): Promise<Report> {
  const [command, ...before] = program;
  const ended = await runToEnd(command, [...before, "heap", "compare", ...args, "--output", "json", "--top", "5000"]);
  expect([ended.code, ended.stderr]).toEqual([0, ""]);
  return JSON.parse(ended.stdout) as Report;
}

const bundle: readonly [string, ...string[]] = [process.execPath, bundlePath];

/** Loaded into a process before its program: takes a snapshot at the end, lets something known grow, and takes another. */
const growAtExit = `
const { writeHeapSnapshot } = require("node:v8");
class KnownGrowth { constructor(number) { this.number = number; } }
process.once("exit", () => {
  writeHeapSnapshot(process.env.HEAP_A);
  globalThis.kept = Array.from({ length: 10_000 }, (_, number) => new KnownGrowth(number));
  globalThis.functions = Array.from({ length: 1_000 }, () => function knownFunction() {});
  writeHeapSnapshot(process.env.HEAP_B);
});
`;

describe("heap compare", () => {
  describe("on snapshots of the real bundle", () => {
    let a: string;
    let b: string;
    let hook: string;
    beforeAll(async () => {
      [a, b] = [join(folder, "real A.heapsnapshot"), join(folder, "real B.heapsnapshot")];
      hook = file("grow.cjs", growAtExit);
      const env = { ...process.env, HEAP_A: a, HEAP_B: b };
      const ended = await runToEnd(process.execPath, ["--require", hook, bundlePath, "heap", "--help"], { env });
      expect(ended.code).toBe(0);
    });

    it("reports a known growth by constructor and by the script that defines it", async () => {
      const report = await compare(bundle, a, b);
      const grown = report.byConstructor.top.find((row) => row.name === "KnownGrowth");
      expect(grown?.countGrowth).toBe(10_000);
      expect(grown?.sizeGrowth).toBeGreaterThanOrEqual(16 * 10_000);
      expect(report.byConstructor.top.find((row) => row.name === "knownFunction()")?.countGrowth).toBe(1_000);
      expect(report.byModule.top.find((row) => row.name === hook)?.countGrowth).toBeGreaterThanOrEqual(11_000);
      expect(report.byConstructor.top.indexOf(grown as Row)).toBeLessThan(3);
    });

    it("adds up exactly what JSON.parse finds", async () => {
      const report = await compare(bundle, a, b);
      const whole = JSON.parse(readFileSync(a, "utf8")) as {
        readonly snapshot: { readonly node_count: number; readonly meta: { readonly node_fields: string[] } };
        readonly nodes: number[];
      };
      const fields = whole.snapshot.meta.node_fields;
      const sizeAt = fields.indexOf("self_size");
      let size = 0;
      for (let at = sizeAt; at < whole.nodes.length; at += fields.length) size += whole.nodes[at] as number;
      expect([report.before.count, report.before.size]).toEqual([whole.snapshot.node_count, size]);
    });

    const titled = (title: string, skip: string | undefined): string =>
      skip === undefined ? title : `${title} [skipped: ${skip}]`;
    it.skipIf(executableSkip !== undefined)(
      titled("works the same as the single executable", executableSkip),
      async () => {
        expect(await compare([executablePath], a, b)).toEqual(await compare(bundle, a, b));
      },
    );

    const ownMap = join(bundlePath, "../kinglet.modules.json");
    const mapSkip = existsSync(ownMap) ? undefined : "the build wrote no kinglet.modules.json";
    it.skipIf(mapSkip !== undefined)(
      titled("divides the bundle into its source modules by the map beside it", mapSkip),
      async () => {
        const nothing = file("empty.json", JSON.stringify({ format: 2, bundles: [] }));
        const modules = (report: Report): string[] => report.byModule.top.map((row) => row.name);
        const empty = file(
          "nothing.heapsnapshot",
          readFileSync(join(import.meta.dirname, "../../src/applets/heap/golden/tiny/A.json"), "utf8"),
        );
        expect(modules(await compare(bundle, empty, a))).toContain("packages/errors/src/kinglet-error.ts");
        expect(modules(await compare(bundle, empty, a, "--modules", nothing))).toContain(bundlePath);
      },
    );
  });

  it("names the source modules of a bundle by the map that the build makes of its source map", async () => {
    file("first.ts", "export class First { value = 1; }\nexport const makeFirst = () => new First();\n");
    file("second.ts", "export class Second { value = 2; }\nexport const makeSecond = () => new Second();\n");
    file("never.ts", "export const never = 1;\n");
    const entry = file(
      "entry.ts",
      `import { makeFirst } from "./first.ts";
       import { writeHeapSnapshot } from "node:v8";
       if (process.argv[4]) void import("./never.ts");
       import("./second.ts").then(({ makeSecond }) => {
         const kept: unknown[] = [makeFirst(), makeSecond()];
         writeHeapSnapshot(process.argv[2]);
         for (let i = 0; i < 300; i++) kept.push(makeFirst());
         for (let i = 0; i < 200; i++) kept.push(makeSecond());
         writeHeapSnapshot(process.argv[3]);
         (globalThis as { kept?: unknown }).kept = kept;
       });`,
    );
    const outfile = join(folder, "program.cjs");
    const root = join(import.meta.dirname, "../../../..");
    const shape = {
      bundle: true,
      format: "cjs",
      platform: "node",
      target: "node24",
      minifyWhitespace: true,
      minifySyntax: true,
    } as const;
    await build({ entryPoints: [entry], absWorkingDir: root, outfile, sourcemap: "external", ...shape });
    const map = join(folder, "program.modules.json");
    writeFileSync(map, JSON.stringify({ format: 2, bundles: [await readModules(`${outfile}.map`)] }));
    const [a, b] = [join(folder, "program A.heapsnapshot"), join(folder, "program B.heapsnapshot")];
    expect((await runToEnd(process.execPath, [outfile, a, b])).code).toBe(0);
    const report = await compare(bundle, a, b, "--modules", map);
    const growth = (name: string): number | undefined =>
      report.byModule.top.find((row) => row.name.endsWith(`/${name}`))?.countGrowth;
    expect([growth("first.ts"), growth("second.ts")]).toEqual([300, 200]);
  });

  it("reads 30 MB in a heap of 16 MB", async () => {
    const [a, b] = [join(folder, "30 A.heapsnapshot"), join(folder, "30 B.heapsnapshot")];
    writeSyntheticSnapshot(a, 30e6);
    const written = writeSyntheticSnapshot(b, 30e6, 5_000);
    const peak = join(folder, "peak");
    const hook = file(
      "peak.cjs",
      `process.on("exit", () => require("node:fs").writeFileSync(process.env.PEAK, String(process.resourceUsage().maxRSS)));`,
    );
    const args = [
      "--max-old-space-size=16",
      "--require",
      hook,
      bundlePath,
      "heap",
      "compare",
      a,
      b,
      "--output",
      "json",
    ];
    const ended = await runToEnd(process.execPath, args, { env: { ...process.env, PEAK: peak } });
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    const report = JSON.parse(ended.stdout) as Report;
    expect(report.byConstructor.top[0]).toMatchObject({ name: "Grown", countGrowth: written.grown });
    // A bare Node process takes some 45 MB; the two files together are 60 MB.
    expect(Number(readFileSync(peak, "utf8")) / 1024).toBeLessThan(110);
  });
});
