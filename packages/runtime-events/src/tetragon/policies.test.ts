import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hooks } from "./hooks.ts";

const folder = join(import.meta.dirname, "../../../../deploy/tetragon");
const readme = readFileSync(join(folder, "README.md"), "utf8");

/** File and hook of every hook that the shipped policies have. */
const shipped = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .flatMap((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    const calls = [...text.matchAll(/^ {4}- call: (\S+)$/gm)].map(([, call]) => call!);
    const points = [...text.matchAll(/^ {4}- subsystem: (\S+)\n {6}event: (\S+)$/gm)].map(
      ([, one, two]) => `${one}/${two}`,
    );
    return [...calls, ...points].map((hook) => ({ name, hook }));
  });

describe("the policies in deploy/tetragon", () => {
  it("have the hooks of the README's table, with the events that the decoder makes of them [hooks policies]", () => {
    const rows = [...readme.matchAll(/^\| `(\S+\.yaml)`[^|]*\| `(\S+)` \| (\w+) \|/gm)];
    const documented = rows.map(([, name, hook, kind]) => `${name} ${hook} ${kind}`);
    const actual = shipped.map(({ name, hook }) => `${name} ${hook} ${hooks.get(hook)?.kind}`);
    expect(documented.toSorted()).toEqual(actual.toSorted());
  });

  it("and the README's list of other hooks are all that the decoder understands [hooks policies]", () => {
    const others = readme.slice(readme.indexOf("opened files.\n"), readme.indexOf("Tetragon does not say"));
    const listed = [...others.matchAll(/`(\S+)`/g)].map(([, hook]) => hook!);
    const known = [...listed, ...shipped.map(({ hook }) => hook)];
    expect(known.toSorted()).toEqual([...hooks.keys()].toSorted());
    expect(new Set(known).size).toBe(known.length);
  });

  it("look at containers only, and change nothing [hooks policies]", () => {
    for (const name of new Set(shipped.map((entry) => entry.name))) {
      const text = readFileSync(join(folder, name), "utf8");
      const count = shipped.filter((entry) => entry.name === name).length;
      expect(text.match(/namespace: Mnt\n\s+operator: NotIn\n\s+values: \["host_ns"\]/g)).toHaveLength(count);
      expect([...text.matchAll(/action: (\w+)/g)].every(([, action]) => action === "Post")).toBe(true);
    }
  });
});
