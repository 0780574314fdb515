import { array, boolean, integer, map, object, oneOf, optional, secret, string } from "@kinglet/lazy-schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { loadSettings, type SettingsSources } from "./load-settings.ts";
import { setting, toEnvName, toFlagName } from "./setting.ts";

const schema = {
  nodeName: setting(string({ min: 1, doc: "Node whose pods are watched" }), { envAliases: ["NODE_NAME"] }),
  port: integer({ min: 1, max: 65_535, default: 8_080 }),
  interval: integer({ unit: "ms", min: 1_000, max: 3_600_000, default: 60_000 }),
  cacheSize: integer({ unit: "bytes", default: 1_048_576 }),
  verbose: boolean({ default: false }),
  format: oneOf(["json", "console"], { default: "json" }),
  ignore: array(string(), { default: [] }),
  labels: optional(map(string(), { max: 2 })),
  token: optional(secret({ min: 5 })),
  alerts: optional(object({ url: string({ pattern: /^https:/ }) })),
};

const files: Readonly<Record<string, string>> = {
  "a.yaml": "nodeName: from-file\ninterval: 5m\nignore: [kube-system, default]\n",
  "a.json": '{"nodeName": "from-json", "port": 1}',
  "wrong.yaml": "nodeName: n\nprot: 1\nport: 0\nalerts:\n  url: http://x\n",
  "list.yaml": "- a\n- b\n",
  "broken.yaml": "a: [1\nb: }",
  "empty.yaml": "# nothing\n",
  "nulls.yaml": "nodeName: n\nport:\n",
};

const readFile = async (path: string): Promise<string> => {
  const text = files[path];
  if (text === undefined) throw new Error(`${path} cannot be used: there is no such file`);
  return text;
};

const load = (argv: string[], env: SettingsSources["env"] = {}): ReturnType<typeof loadSettings<typeof schema>> =>
  loadSettings(schema, { argv, env, readFile });

async function problemsOf(argv: string[], env: SettingsSources["env"] = {}): Promise<readonly string[]> {
  try {
    await load(argv, env);
  } catch (error) {
    expect(error).toMatchObject({ code: "KINGLET_ERR_SETTINGS_INVALID" });
    return (error as { details: { problems: string[] } }).details.problems;
  }
  return [];
}

describe("loadSettings", () => {
  it("fills in defaults and says so", async () => {
    const { values, origins, warnings } = await load(["--node-name", "n1"]);
    expect(values).toEqual({
      nodeName: "n1",
      port: 8_080,
      interval: 60_000,
      cacheSize: 1_048_576,
      verbose: false,
      format: "json",
      ignore: [],
    });
    expect(origins).toMatchObject({ nodeName: "flag --node-name", port: "default", labels: "not set" });
    expect(warnings).toEqual([]);
  });

  it("prefers flags over environment over file over defaults", async () => {
    const argv = ["--config", "a.yaml"];
    expect((await load(argv)).values.nodeName).toBe("from-file");
    expect((await load(argv, { NODE_NAME: "alias" })).values.nodeName).toBe("alias");
    const env = { KINGLET_NODE_NAME: "env", NODE_NAME: "alias" };
    expect((await load(argv, env)).origins.nodeName).toBe("environment KINGLET_NODE_NAME");
    const { values, origins } = await load([...argv, "--node-name=flag"], env);
    expect(values).toMatchObject({ nodeName: "flag", interval: 300_000, ignore: ["kube-system", "default"] });
    expect(origins).toMatchObject({ nodeName: "flag --node-name", interval: "file a.yaml", port: "default" });
  });

  it("takes a JSON file, a path from the environment, and empty values as not set", async () => {
    const { values } = await load([], { KINGLET_CONFIG: "a.json", KINGLET_PORT: "" });
    expect(values).toMatchObject({ nodeName: "from-json", port: 1 });
    expect((await load(["--config", "nulls.yaml"])).origins.port).toBe("default");
    expect((await load(["--node-name", "n", "--config", "empty.yaml"])).values.port).toBe(8_080);
  });

  it("understands every form of flag", async () => {
    const argv = ["--node-name=n=1", "--verbose", "--ignore", "a,b", "--ignore=c", "--labels", "x=1", "--labels=y=2"];
    const { values } = await load([...argv, "--interval", "1m30s", "--cache-size=128Mi", "--port", "2", "--port", "3"]);
    expect(values).toMatchObject({
      nodeName: "n=1",
      verbose: true,
      ignore: ["a", "b", "c"],
      labels: { x: "1", y: "2" },
      interval: 90_000,
      cacheSize: 134_217_728,
      port: 3,
    });
    expect((await load(["--node-name", "n", "--no-verbose"], { KINGLET_VERBOSE: "1" })).values.verbose).toBe(false);
    const rest = await loadSettings(schema, {
      argv: ["--node-name", "n", "x", "--", "--port"],
      env: {},
      maxPositionals: 2,
    });
    expect(rest.positionals).toEqual(["x", "--port"]);
  });

  it("reports all problems at once with key, value, permitted range and origin", async () => {
    const argv = ["--prot", "1", "--port=70000", "--interval", "1ms", "surplus", "--format"];
    expect(await problemsOf(argv, { KINGLET_VERBOSE: "maybe", KINGLET_TOKEN: "abc" })).toEqual([
      "--prot: unknown flag, did you mean --port?",
      "--format: needs a value",
      'unexpected argument "surplus"',
      "nodeName: is required (set --node-name, KINGLET_NODE_NAME, NODE_NAME, or nodeName in the file)",
      "port: must be an integer from 1 to 65535, got 70000 (flag --port)",
      "interval: must be an integer from 1000 to 3600000 ms, got 1 (flag --interval)",
      'verbose: must be true or false, got "maybe" (environment KINGLET_VERBOSE)',
      "token: must be a text with at least 5 characters, got something else (not shown) (environment KINGLET_TOKEN)",
    ]);
  });

  it("reports what is wrong in a file with its path", async () => {
    expect(await problemsOf(["--config", "wrong.yaml"])).toEqual([
      "prot: unknown key (file wrong.yaml), did you mean port?",
      "port: must be an integer from 1 to 65535, got 0 (file wrong.yaml)",
      'alerts.url: must be a text that matches /^https:/, got "http://x" (file wrong.yaml)',
    ]);
  });

  it.each([
    ["missing.yaml", "--config: missing.yaml cannot be used: there is no such file"],
    ["list.yaml", "--config: list.yaml must hold keys and values at its top level"],
    ["broken.yaml", expect.stringMatching(/^--config: broken\.yaml is neither JSON nor YAML: .* at line 2/)],
  ])("goes on without the file %s and reports it", async (path, problem) => {
    expect(await problemsOf(["--config", path, "--port=x", "--node-name=n"])).toEqual([
      problem,
      'port: must be an integer from 1 to 65535, got "x" (flag --port)',
    ]);
  });

  it("never shows a secret", async () => {
    const { values } = await load(["--node-name=n", "--token", "hunter22"]);
    expect(values.token?.reveal()).toBe("hunter22");
    expect(JSON.stringify(values)).not.toContain("hunter22");
    const problems = [...(await problemsOf(["--tokn=hunter22"])), ...(await problemsOf(["--tokn", "hunter22"]))];
    expect(problems.join()).not.toContain("hunter22");
  });

  it("refuses keys that would change the prototype", async () => {
    const problems = await problemsOf(["--node-name=n", "--labels", "__proto__=1"]);
    expect(problems).toEqual(['labels: the key "__proto__" is not permitted (flag --labels)']);
  });

  it("warns of variables that nobody reads", async () => {
    const env = { KINGLET_NODE_NAME: "n", KINGLET_PROT: "1", KINGLET_MEMLIMIT: "5", OTHER: "1" };
    const { warnings } = await loadSettings(schema, { argv: [], env, knownEnv: ["KINGLET_MEMLIMIT"] });
    expect(warnings).toEqual(["KINGLET_PROT is set but nothing reads it, did you mean KINGLET_PORT?"]);
  });

  it("tells how the configuration is to be printed", async () => {
    expect((await load(["--node-name=n"])).printConfig).toBeUndefined();
    expect((await load(["--node-name=n", "--print-config"])).printConfig).toBe("text");
    expect((await load(["--node-name=n", "--output", "json", "--print-config"])).printConfig).toBe("json");
    expect(await problemsOf(["--node-name=n", "--output", "xml"])).toEqual([
      '--output: must be one of text, json, got "xml"',
    ]);
  });

  it("treats a flag with one dash as unknown", async () => {
    expect(await problemsOf(["--node-name=n", "-port=1"])).toEqual(["-port: unknown flag, did you mean --port?"]);
  });

  it("gives the same value whichever way it comes", async () => {
    const text = fc.string({ minLength: 1, maxLength: 20 }).filter((one) => one.trim() === one && !/^--|,/.test(one));
    const given = fc.record({
      nodeName: text,
      port: fc.integer({ min: 1, max: 65_535 }),
      interval: fc.integer({ min: 1_000, max: 3_600_000 }),
      verbose: fc.boolean(),
      format: fc.constantFrom("json", "console"),
      ignore: fc.array(text, { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(given, async (value) => {
        const argv = Object.entries(value).map(([key, one]) => `--${toFlagName(key)}=${String(one)}`);
        const env = Object.fromEntries(
          Object.entries(value).map(([key, one]) => [toEnvName(key, "KINGLET_"), String(one)]),
        );
        const file = async (): Promise<string> => JSON.stringify(value);
        const ways = await Promise.all([
          loadSettings(schema, { argv, env: {} }),
          loadSettings(schema, { argv: [], env }),
          loadSettings(schema, { argv: [], env: {}, filePath: "f", readFile: file }),
        ]);
        for (const { values } of ways) expect(values).toMatchObject(value);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("survives hostile command lines and files", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string()), fc.string({ maxLength: 200 }), async (argv, text) => {
        const loading = loadSettings(schema, { argv, env: {}, filePath: "f", readFile: async () => text });
        await loading.catch((error: unknown) => {
          expect(error).toMatchObject({ code: "KINGLET_ERR_SETTINGS_INVALID" });
        });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it.each([
    ["deeply nested", "[".repeat(20_000)],
    ["aliases that multiply", `a: &a [x,x,x,x,x,x,x,x,x]\n${multiply(9)}`],
    ["a key twice", "port: 1\nport: 2\n"],
  ])("refuses a file with %s", async (_what, text) => {
    const loading = loadSettings(schema, {
      argv: ["--node-name=n"],
      env: {},
      filePath: "f",
      readFile: async () => text,
    });
    await expect(loading).rejects.toMatchObject({
      code: "KINGLET_ERR_SETTINGS_INVALID",
      details: { problems: [expect.stringMatching(/^--config: f is neither JSON nor YAML: /)] },
    });
  });
});

/** Each line refers to the line before it nine times. */
function multiply(levels: number): string {
  const names = "abcdefghijkl";
  const lines = Array.from({ length: levels }, (_, level) => {
    const reference = `*${names[level] ?? ""}`;
    return `${names[level + 1] ?? ""}: &${names[level + 1] ?? ""} [${Array(9).fill(reference).join(",")}]`;
  });
  return `${lines.join("\n")}\n`;
}
