import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundlePath, executablePath, executableSkip, runToEnd } from "./built-program.ts";

const folder = join(import.meta.dirname, "../../../../deploy/policies");

const forms = [
  { form: "bundle", program: [process.execPath, bundlePath], skip: undefined },
  { form: "executable", program: [executablePath], skip: executableSkip },
] as const;

for (const { form, program, skip } of forms) {
  const title = skip === undefined ? `policy of the ${form}` : `policy of the ${form} [skipped: ${skip}]`;
  describe.skipIf(skip !== undefined)(title, () => {
    const [command, ...before] = program;
    const run = (...args: string[]): ReturnType<typeof runToEnd> => runToEnd(command, [...before, "policy", ...args]);

    it("finds the default pack valid, patterns that need the linear-time engine included", async () => {
      const ended = await run("validate", folder);
      expect(ended).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+ policies: \d+ valid\n$/), stderr: "" });
    });

    it("says which workload violates a policy", async () => {
      const example = join(folder, "examples/secret-in-environment/violates.yaml");
      const ended = await run("test", join(folder, "secret-in-environment.yaml"), "--against", example);
      expect([ended.code, ended.stderr]).toEqual([1, ""]);
      expect(ended.stdout).toContain("violates Secret written into an environment variable (high)");
    });

    it("shows the line of a problem", async () => {
      const ended = await run("validate", join(folder, "examples/image-too-old/passes.images.yaml"));
      expect([ended.code, ended.stderr]).toEqual([1, ""]);
      expect(ended.stdout).toContain("passes.images.yaml:1:1: error: images is not a known field");
    });
  });
}
