import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installLinks } from "./install-links.ts";

const names = ["heap", "sensor"];
const notOurs = expect.objectContaining({ code: "KINGLET_ERR_KINGLET_INSTALL_NOT_OURS" });
const failed = expect.objectContaining({ code: "KINGLET_ERR_KINGLET_INSTALL_FAILED" });

let root: string;
let program: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "kinglet links-")));
  mkdirSync(join(root, "opt"));
  program = join(root, "opt", "kinglet");
  writeFileSync(program, "");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const install = (folder = "bin", options = { relative: false }) =>
  installLinks(program, join(root, folder), names, options).map((link) => link.state);

describe("installLinks", () => {
  it("makes the folder and absolute links, once", () => {
    expect(install("a/b")).toEqual(["created", "created"]);
    expect(readlinkSync(join(root, "a/b/sensor"))).toBe(program);
    expect(install("a/b")).toEqual(["unchanged", "unchanged"]);
  });

  it("makes relative links that survive a move of both", () => {
    install("bin", { relative: true });
    expect(readlinkSync(join(root, "bin/heap"))).toBe("../opt/kinglet");
    expect(install("bin")).toEqual(["unchanged", "unchanged"]);
    mkdirSync(join(root, "moved"));
    for (const folder of ["bin", "opt"]) renameSync(join(root, folder), join(root, "moved", folder));
    expect(realpathSync(join(root, "moved/bin/heap"))).toBe(join(root, "moved/opt/kinglet"));
  });

  it("makes links to the program itself when it was called through a link, and relative ones from a folder that is one", () => {
    symlinkSync(program, join(root, "alias"));
    mkdirSync(join(root, "deep/er"), { recursive: true });
    symlinkSync(join(root, "deep/er"), join(root, "bin"));
    installLinks(join(root, "alias"), join(root, "bin"), names, { relative: true });
    expect(realpathSync(join(root, "bin/sensor"))).toBe(program);
    expect(readlinkSync(join(root, "bin/sensor"))).toBe("../../opt/kinglet");
  });

  it.each<[string, (path: string) => unknown]>([
    ["a file", (path) => writeFileSync(path, "mine")],
    ["a folder", (path) => mkdirSync(path)],
    ["a link elsewhere", (path) => symlinkSync("/bin/sh", path)],
    ["a dangling link", (path) => symlinkSync("/nowhere/kinglet", path)],
    ["a link to itself", (path) => symlinkSync(path, path)],
  ])("refuses to overwrite %s, and makes no link at all then", (_what, make) => {
    mkdirSync(join(root, "bin"));
    make(join(root, "bin", "sensor"));
    expect(() => install()).toThrow(/^KINGLET_ERR_|sensor/);
    expect(readdirSync(join(root, "bin"))).toEqual(["sensor"]);
  });

  it("names what is wrong by code", () => {
    writeFileSync(join(root, "file"), "");
    expect(() => install("file/bin")).toThrow(failed);
    mkdirSync(join(root, "bin"));
    writeFileSync(join(root, "bin", "heap"), "");
    expect(() => install()).toThrow(notOurs);
  });

  it("leaves everything that is not its own as it was, whatever lies there", () => {
    const kind = fc.constantFrom("none", "own", "file", "folder", "foreign", "dangling");
    let run = 0;
    fc.assert(
      fc.property(kind, kind, fc.boolean(), (first, second, relative) => {
        const folder = join(root, `run${++run}`);
        mkdirSync(folder);
        const kinds = [first, second];
        for (const [index, name] of names.entries()) {
          const path = join(folder, name);
          if (kinds[index] === "own") symlinkSync(program, path);
          if (kinds[index] === "file") writeFileSync(path, "mine");
          if (kinds[index] === "folder") mkdirSync(path);
          if (kinds[index] === "foreign") symlinkSync("/bin/sh", path);
          if (kinds[index] === "dangling") symlinkSync("../nothing", path);
        }
        const look = () => readdirSync(folder).map((name) => [name, lstatSync(join(folder, name)).ino]);
        const before = look();
        const isClean = kinds.every((one) => one === "none" || one === "own");
        try {
          const states = installLinks(program, folder, names, { relative }).map((link) => link.state);
          expect(isClean).toBe(true);
          expect(states).toEqual(kinds.map((one) => (one === "own" ? "unchanged" : "created")));
          for (const name of names) expect(realpathSync(join(folder, name))).toBe(program);
        } catch (error) {
          expect(error).toEqual(notOurs);
          expect(isClean).toBe(false);
          expect(look()).toEqual(before);
        }
      }),
      { seed: 1, numRuns: 80 },
    );
  });
});
