import { writeFileSync } from "node:fs";
import { noopLogger } from "@kinglet/logger";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { readRuleFolder } from "./read-rule-folder.ts";

async function read(files: Readonly<Record<string, string>>, onTurn?: (told: readonly string[]) => AbortSignal) {
  await using folder = await openTempDir("kinglet-rule-folder-");
  for (const [name, text] of Object.entries(files)) writeFileSync(folder.file(name), text);
  const told: string[] = [];
  const nameOf = (path: string): string => path.slice(folder.path.length + 1);
  let turns = 0;
  const ended = { is: false };
  const note = (what: string) => (path: string) => void told.push(`${what} ${nameOf(path)}`);
  const signal = onTurn?.(told) ?? new AbortController().signal;
  const count = (): void => {
    turns += 1;
    if (!ended.is) setImmediate(count);
  };
  setImmediate(count);
  await readRuleFolder(
    folder.path,
    {
      setRules: note("rules"),
      setBinding: note("binding"),
      setUnusable: note("unusable"),
      setLeftOut: (paths, error) => told.push(`left out ${paths.map(nameOf).join(" ")}: ${error.message}`),
      logger: noopLogger,
    },
    { signal },
  );
  ended.is = true;
  return { told, turns, folder: folder.path };
}

const rulesFile = (count: number): string =>
  JSON.stringify({ kind: "Rules", spec: { rules: Array.from({ length: count }, () => 0) } });

describe("readRuleFolder", () => {
  it("reads files in the order of their names, and names one that is no YAML", async () => {
    const files = { "b.json": rulesFile(1), "a.yaml": "kind: RuntimeRuleAlertBinding", "c.yml": "[", "d.txt": "no" };
    expect((await read(files)).told).toEqual(["binding a.yaml", "rules b.json", "unusable c.yml"]);
  });

  it("leaves out what comes after as many bytes as all files may have, without parsing it", async () => {
    const full = `#${"x".repeat(262_143)}`;
    const names = Array.from({ length: 16 }, (_, index) => `a${String(index).padStart(2, "0")}.yaml`);
    const files = { ...Object.fromEntries(names.map((name) => [name, full])), "b.yaml": "[", "c.yaml": "[" };
    const { told, folder } = await read(files);
    const way = "the files before in the order of names use them up: take out what is not needed";
    expect(told).toEqual([`left out b.yaml c.yaml: all files of ${folder} together may have 4194304 bytes, ${way}`]);
  });

  it("leaves out what comes after as many rules as are kept", async () => {
    const files = { "a.json": rulesFile(4_999), "b.json": rulesFile(1), "c.yaml": "[", "d.json": rulesFile(1) };
    const { told } = await read(files);
    expect(told.slice(0, 2)).toEqual(["rules a.json", "rules b.json"]);
    expect(told.slice(2)).toEqual([expect.stringMatching(/^left out c.yaml d.json: .* may have 5000 rules/)]);
  });

  it("leaves out a file with more documents than all may have: each costs a look at all others", async () => {
    const { told } = await read({
      "a.yaml": "kind: Rules\n",
      "b.yaml": "kind: Rules\n---\n".repeat(2_000),
      "c.yaml": "",
    });
    expect(told).toEqual([
      "rules a.yaml",
      expect.stringMatching(/^left out b.yaml c.yaml: .* may have 2000 documents/),
    ]);
  });

  it("lets others have their turn between two files, and ends with its signal", async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}.json`, rulesFile(1)]));
    expect((await read(files)).turns).toBeGreaterThanOrEqual(20);
    const { told } = await read(files, (soFar) => {
      const stop = new AbortController();
      const look = (): void => {
        if (soFar.length >= 3) stop.abort();
        else setImmediate(look);
      };
      setImmediate(look);
      return stop.signal;
    });
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told.length).toBeLessThan(6);
  });
});
