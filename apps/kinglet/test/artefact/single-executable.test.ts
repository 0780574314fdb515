import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { openTempDir, type TempDir } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../../build/bundle.ts";
import { executableFlags, makeExecutable } from "../../build/executable.ts";
import { bundlePath, executablePath, executableSkip, runToEnd } from "./built-program.ts";

const run = promisify(execFile);

/** What Node says when V8 refused the code cache of a single executable, or there is none. */
const refused = "Code cache data rejected";

let folder: TempDir;
beforeAll(async () => {
  folder = await openTempDir("kinglet executable ");
});
afterAll(() => folder[Symbol.asyncDispose]());

describe.skipIf(executableSkip !== undefined)(
  executableSkip === undefined ? "single executable" : `single executable [skipped: ${executableSkip}]`,
  () => {
    it("uses its code cache", async () => {
      const ended = await runToEnd(executablePath, ["--version"]);
      expect([ended.code, ended.stderr]).toEqual([0, ""]);
    });

    it("uses its code cache as an applet and with a memory limit, which adds heap flags", async () => {
      for (const env of [{}, { KINGLET_MEMLIMIT: "96Mi" }]) {
        const ended = await runToEnd(executablePath, ["sensor", "--help"], { env: { ...process.env, ...env } });
        expect([ended.code, ended.stderr]).toEqual([0, ""]);
      }
    });

    it("leaves V8 what Node compiled of its own modules", async () => {
      const question = `const { compiledWithCache, compiledWithoutCache } = (require("node:https"), require("internal/test/binding")).internalBinding("builtins").getCacheUsage();
process.stdout.write(compiledWithCache.size + " " + compiledWithoutCache.size);`;
      const ask = async (flags: readonly string[]): Promise<string> =>
        (await run(process.execPath, [...flags, "--expose-internals", "--no-warnings", "-e", question])).stdout;
      expect(await ask(executableFlags)).toMatch(/^[1-9]\d+ 0$/);
      expect(await ask([...executableFlags, "--no-sparkplug"])).toMatch(/^0 [1-9]\d+$/);
    });

    it("would say so if its flags made V8 refuse the code cache", async () => {
      const accepted = await runToEnd(await makeVariant("same", executableFlags), ["--version"]);
      expect([accepted.code, accepted.stderr]).toEqual([0, ""]);
      const rejected = await runToEnd(await makeVariant("gc", [...executableFlags, "--expose-gc"]), ["--version"]);
      expect(rejected.code).toBe(0);
      expect(rejected.stderr).toContain(refused);
    });

    it("gets its flags from the build, and more from NODE_OPTIONS", async () => {
      const ended = await runToEnd(executablePath, ["--version"], {
        env: { ...process.env, NODE_OPTIONS: "--expose-gc" },
      });
      expect(ended.stderr).toContain(refused);
    });

    it("is the same from two builds", { timeout: 120_000 }, async () => {
      // On a busy machine answers may reach a rehearsed start in another order, and a function more be compiled: another attempt then.
      const seen = new Set<string>();
      let isSame = false;
      for (let build = 0; build < 4 && !isSame; build += 1) {
        const output = folder.file(`build-${String(build)}`);
        await makeExecutable(bundlePath, output);
        const hash = createHash("sha256")
          .update(await readFile(output))
          .digest("hex");
        isSame = seen.has(hash);
        seen.add(hash);
      }
      expect(isSame, [...seen].join(" ")).toBe(true);
    });

    it("runs on its own, from a folder where nothing else is", async () => {
      const copy = folder.file("sensor");
      await copyFile(executablePath, copy);
      await chmod(copy, 0o755);
      const config = folder.file("config.yaml");
      await writeFile(config, "clusterName: yaml needs its library\n");
      const ended = await runToEnd(copy, ["--config", config, "--print-config"], { env: {}, cwd: folder.path });
      expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: "" });
      expect(ended.stdout).toContain("yaml needs its library");
    });
  },
);

describe("bundle", () => {
  const files = async (path: string): Promise<readonly string[]> =>
    (await readdir(path)).filter((name) => name.endsWith(".cjs")).toSorted();

  it("is the same from two builds", async () => {
    await using one = await openTempDir("kinglet build one ");
    await using two = await openTempDir("kinglet build two, elsewhere ");
    await bundle(one.path);
    await bundle(two.path);
    const names = await files(one.path);
    expect(names).toContain("kinglet.cjs");
    expect(await files(two.path)).toEqual(names);
    for (const name of names) {
      const [first, second] = await Promise.all([readFile(join(one.path, name)), readFile(join(two.path, name))]);
      expect(first.equals(second), `${name} differs`).toBe(true);
    }
  });

  it("is ASCII, and its libraries have no character above U+00FF, which would double a script in memory", async () => {
    const dist = join(bundlePath, "..");
    const scripts = await files(dist);
    expect(scripts).toContain("kinglet.cjs");
    for (const name of scripts) {
      // The bundler escapes strings and names, not regular expressions, of which a library may have some.
      const above = name === "kinglet.cjs" ? /[^\u0000-\u007f]/ : /[^\u0000-\u00ff]/;
      expect((await readFile(join(dist, name), "utf8")).match(above)?.[0], name).toBe(undefined);
    }
  });

  it("names no path of the machine that built it", async () => {
    const text = await readFile(bundlePath, "latin1");
    const root = join(import.meta.dirname, "../../../..");
    expect(text).not.toContain(root);
    if (executableSkip === undefined) expect((await readFile(executablePath)).includes(root)).toBe(false);
    expect(text).not.toContain("sourceMappingURL");
  });
});

/** An executable from the same bundle with other flags. */
async function makeVariant(name: string, execArgv: readonly string[]): Promise<string> {
  const main = folder.file(`${name}.cjs`);
  await writeFile(main, (await readFile(bundlePath, "utf8")).replace(/^#!.*\n/, ""));
  const output = folder.file(`kinglet-${name}`);
  const config = folder.file(`${name}.json`);
  const settings = {
    main,
    output,
    executable: process.execPath,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv,
    execArgvExtension: "env",
  };
  await writeFile(config, JSON.stringify(settings));
  // V8 accepts a cache only under the flags under which it was made.
  await run(process.execPath, [...executableFlags, "--build-sea", config]);
  await chmod(output, 0o755);
  // Another name than the program's would be an unknown applet.
  const program = join(folder.path, name, "kinglet");
  await run("mkdir", ["-p", join(folder.path, name)]);
  await copyFile(output, program);
  return program;
}
