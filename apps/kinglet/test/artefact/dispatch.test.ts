import { copyFile, lstat, mkdir, mkdtemp, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundlePath, executablePath, executableSkip, runToEnd, type Ended } from "./built-program.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kinglet dispatch "));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The two forms of the program: started through Node, and by itself. */
const forms = [
  {
    form: "bundle",
    path: bundlePath,
    skip: undefined,
    run: (file: string, args: string[]) => runToEnd(process.execPath, [file, ...args]),
  },
  {
    form: "executable",
    path: executablePath,
    skip: executableSkip,
    run: (file: string, args: string[]) => runToEnd(file, args),
  },
] as const;

const applets = ["admission-controller", "config-controller", "heap", "policy", "sensor"];

for (const { form, path, skip, run } of forms) {
  const title = skip === undefined ? form : `${form} [skipped: ${skip}]`;
  describe.skipIf(skip !== undefined)(title, () => {
    const called = async (name: string, ...args: string[]): Promise<Ended> => {
      const link = join(folder, name);
      await symlink(path, link);
      return run(link, args);
    };

    it("lists its applets one per line", async () => {
      expect(await run(path, ["--list"])).toEqual({ code: 0, stdout: `${applets.join("\n")}\n`, stderr: "" });
    });

    it("explains itself with --help and without arguments", async () => {
      const help = await run(path, ["--help"]);
      expect(help.code).toBe(0);
      for (const name of applets) expect(help.stdout).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
      expect((await run(path, [])).stdout).toBe(help.stdout);
    });

    it("says its version", async () => {
      expect((await run(path, ["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    });

    it("takes the applet from the link's name", async () => {
      const ended = await called("sensor", "--help");
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain("Usage: sensor");
    });

    it("takes the applet from the last link of a chain", async () => {
      await symlink(path, join(folder, "kinglet"));
      await symlink(join(folder, "kinglet"), join(folder, "sensor"));
      expect((await run(join(folder, "sensor"), ["--help"])).stdout).toContain("Usage: sensor");
    });

    it("takes the applet from a name that ends in .cjs", async () => {
      expect((await called("sensor.cjs", "--help")).stdout).toContain("Usage: sensor");
    });

    it("takes the applet from the first argument when it is called kinglet", async () => {
      expect((await run(path, ["sensor", "--help"])).stdout).toContain("Usage: kinglet sensor");
    });

    it("does not take an argument for an applet when it is called by an applet's name", async () => {
      const ended = await called("sensor", "heap");
      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain("heap");
    });

    it("refuses an unknown link name with one line and 127", async () => {
      const ended = await called("central", "sensor");
      expect(ended).toEqual({
        code: 127,
        stdout: "",
        stderr: expect.stringMatching(/^central: applet not found[^\n]*\n$/) as string,
      });
    });

    it("refuses an unknown applet argument with one line and 127", async () => {
      const ended = await run(path, ["Sensor"]);
      expect(ended.code).toBe(127);
      expect(ended.stderr.split("\n")).toHaveLength(2);
    });

    it("refuses an unknown option with 2", async () => {
      expect((await run(path, ["--lst"])).code).toBe(2);
    });

    it("installs absolute links, twice without harm", async () => {
      const target = join(folder, "bin");
      const first = await run(path, ["--install", target]);
      expect([first.code, first.stderr]).toEqual([0, ""]);
      for (const name of applets) expect(await readlink(join(target, name))).toBe(path);
      const second = await run(path, ["--install", target]);
      expect(second.stdout).toBe(applets.map((name) => `${join(target, name)}: unchanged\n`).join(""));
      expect((await run(join(target, "sensor"), ["--help"])).code).toBe(0);
    });

    it("installs relative links that survive a move of both", async () => {
      const program = join(folder, "a/lib", form === "bundle" ? "kinglet.cjs" : "kinglet");
      await mkdir(join(folder, "a/lib"), { recursive: true });
      await copyFile(path, program);
      expect((await run(program, ["--install", "--relative", join(folder, "a/bin")])).code).toBe(0);
      expect(await readlink(join(folder, "a/bin/sensor"))).toBe(
        form === "bundle" ? "../lib/kinglet.cjs" : "../lib/kinglet",
      );
    });

    it("overwrites nothing that is not its own link, and makes no other link either", async () => {
      await writeFile(join(folder, "sensor"), "mine");
      const ended = await run(path, ["--install", folder]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain("KINGLET_ERR_KINGLET_INSTALL_NOT_OURS");
      await expect(lstat(join(folder, "heap"))).rejects.toThrow("ENOENT");
    });
  });
}

describe.skipIf(executableSkip !== undefined)(
  executableSkip === undefined ? "exec -a" : `exec -a [skipped: ${executableSkip}]`,
  () => {
    it("takes the applet from the name it was given", async () => {
      const ended = await runToEnd("/bin/bash", ["-c", 'exec -a sensor "$0" --help', executablePath]);
      expect(ended.stdout).toContain("Usage: sensor");
    });

    it("does not fall back to another applet for an unknown name", async () => {
      expect((await runToEnd("/bin/bash", ["-c", 'exec -a central "$0" sensor', executablePath])).code).toBe(127);
    });

    it("is found through the PATH", async () => {
      await symlink(executablePath, join(folder, "sensor"));
      const env = { ...process.env, PATH: `${folder}:/usr/bin:/bin` };
      expect((await runToEnd("/bin/sh", ["-c", "sensor --help"], { env })).stdout).toContain("Usage: sensor");
    });
  },
);
