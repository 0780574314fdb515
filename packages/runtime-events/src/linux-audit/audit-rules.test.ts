import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { syscallNames } from "./syscall-names.ts";

const root = join(import.meta.dirname, "../../../..");
const folder = join(root, "deploy/linux-audit");

interface Rule {
  readonly line: string;
  readonly calls: readonly string[];
  readonly key: string;
}

function rulesOf(name: string): Rule[] {
  const lines = readFileSync(join(folder, name), "utf8").split("\n");
  return lines
    .filter((line) => line.startsWith("-a "))
    .map((line) => ({
      line,
      calls: (/ -S (\S+)/.exec(line)?.[1] ?? "").split(","),
      key: / -F key=(\S+)$/.exec(line)?.[1] ?? "",
    }));
}

const user = rulesOf("kinglet-user.rules");
const node = rulesOf("kinglet-node.rules");
const opens = rulesOf("kinglet-opens.rules");

describe("rules of deploy/linux-audit", () => {
  it("are limited to one user id, but for those of a whole node, which are the same else", () => {
    for (const { line } of [...user, ...opens]) expect(line).toContain(" -F uid=65532 ");
    expect(node.map(({ line }) => line)).toEqual(user.map(({ line }) => line.replace(" -F uid=65532", "")));
  });

  it("name calls that are understood, older ones apart from those that every machine has", () => {
    const arm = new Set(syscallNames.get("c00000b7")?.values());
    const x86 = new Set(syscallNames.get("c000003e")?.values());
    const i386 = new Set(syscallNames.get("40000003")?.values());
    for (const { line, calls } of [...user, ...opens]) {
      for (const call of calls) expect(line.includes("arch=b32") ? i386 : x86).toContain(call);
      const older = calls.filter((call) => !arm.has(call));
      expect([0, calls.length]).toContain(older.length);
    }
  });

  it("name every call for 32-bit programs, too", () => {
    for (const rules of [user, opens]) {
      const callsOf = (arch: string): Set<string> =>
        new Set(rules.filter(({ line }) => line.includes(`arch=${arch}`)).flatMap(({ calls }) => calls));
      expect([...callsOf("b64").difference(callsOf("b32"))]).toEqual([]);
    }
  });

  it("have the keys of the table beside them, and of the table of rules", () => {
    const keys = [...user, ...opens].map(({ key }) => key);
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const described = [...readme.matchAll(/^\| `(kinglet-[a-z]+)` \|/gm)].map(([, key]) => key);
    expect(new Set(described)).toEqual(new Set(keys));
    const documented = readFileSync(join(root, "docs/rules.md"), "utf8");
    for (const [, key] of documented.matchAll(/`(kinglet-[a-z]+)`/g)) expect(keys).toContain(key);
    for (const [, file] of documented.matchAll(/`(kinglet-[a-z]+\.rules)`/g)) {
      expect(readFileSync(join(folder, file ?? ""), "utf8")).not.toBe("");
    }
  });

  it("feed each rule that the table of rules says they feed", () => {
    const documented = readFileSync(join(root, "docs/rules.md"), "utf8");
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const rows = [...documented.matchAll(/^\| (R\d{4})(?: \(off\))? \|.*\| ([^|]+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(20);
    for (const [, rule, source = ""] of rows) {
      const keys = [...source.matchAll(/kinglet-[a-z]+/g)].map(([key]) => key.replace("opens", "open"));
      for (const key of keys) {
        const line = readme.split("\n").find((row) => row.startsWith(`| \`${key}\` |`));
        expect(`${key}: ${String(line)}`).toContain(rule);
      }
    }
  });
});
