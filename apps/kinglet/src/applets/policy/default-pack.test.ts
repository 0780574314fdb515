import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runApplet, type Outcome } from "../../../test/unit/run-applet.ts";
import { main } from "./applet.ts";

const folder = join(import.meta.dirname, "../../../../../deploy/policies");
const slugs = readdirSync(join(folder, "examples"));

async function testExample(slug: string, which: "violates" | "passes"): Promise<Outcome> {
  const example = join(folder, "examples", slug, which);
  const images = `${example}.images.yaml`;
  const argv = ["test", join(folder, `${slug}.yaml`), "--strict", "--against", `${example}.yaml`];
  return runApplet(main, "policy", existsSync(images) ? [...argv, "--images", images] : argv);
}

describe("deploy/policies", () => {
  it("holds at least thirty deploy-time policies, each with examples, all valid and without warnings", async () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
    expect(files.toSorted()).toEqual(slugs.map((slug) => `${slug}.yaml`).toSorted());
    const { code, stdout } = await runApplet(main, "policy", ["validate", folder, "--output", "json"]);
    const { policies } = JSON.parse(stdout) as {
      policies: readonly { readonly name: string; readonly file: string; readonly problems: readonly unknown[] }[];
    };
    expect(code).toBe(0);
    expect(policies.length).toBeGreaterThanOrEqual(30);
    for (const { name, file, problems } of policies) {
      expect(file).toBe(join(folder, `${name}.yaml`));
      expect(problems).toEqual([]);
    }
  });

  it.each(slugs)("%s is violated by its violating example and not by the passing one", async (slug) => {
    const violating = await testExample(slug, "violates");
    expect(violating.stdout).toMatch(/: violates .+\n {4}\S/);
    expect(violating.code).toBe(1);
    const passing = await testExample(slug, "passes");
    expect(passing.stdout).toBe("1 policy against 1 workload: 0 violated, 1 passed\n");
    expect(passing.code).toBe(0);
  });
});

describe("docs/policies.md", () => {
  it("has examples that are valid", async () => {
    const text = readFileSync(join(folder, "../../docs/policies.md"), "utf8");
    const examples = [...text.matchAll(/```yaml\n(apiVersion: config\.stackrox\.io.*?)```/gs)];
    expect(examples.length).toBeGreaterThan(0);
    for (const [, stdin = ""] of examples) {
      expect(await runApplet(main, "policy", ["validate", "-"], { stdin })).toMatchObject({
        code: 0,
        stdout: "1 policy: 1 valid\n",
      });
    }
  });

  it("has image metadata that is understood", async () => {
    const text = readFileSync(join(folder, "../../docs/policies.md"), "utf8");
    const images = /```yaml\n(images:.*?)```/s.exec(text)?.[1] ?? "";
    const example = join(folder, "examples/fixable-important/violates.yaml");
    const argv = ["test", join(folder, "fixable-important.yaml"), "--images", "-", "--against", example];
    expect(await runApplet(main, "policy", argv, { stdin: images })).toMatchObject({ code: 1, stderr: "" });
  });
});
