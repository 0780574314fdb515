import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExitCode, type TextOutput } from "../../applet-context.ts";
import { main } from "./applet.ts";

const golden = join(import.meta.dirname, "golden/tiny");
const tinyA = join(golden, "A.json");
const tinyB = join(golden, "B.json");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kinglet heap "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

class CollectingOutput implements TextOutput {
  text = "";
  readonly isTerminal: boolean;
  constructor(isTerminal: boolean) {
    this.isTerminal = isTerminal;
  }
  async write(text: string): Promise<void> {
    this.text += text;
  }
}

interface Outcome {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  argv: readonly string[],
  options: { readonly isTerminal?: boolean; readonly signal?: AbortSignal; readonly env?: Record<string, string> } = {},
): Promise<Outcome> {
  const stdout = new CollectingOutput(false);
  const stderr = new CollectingOutput(options.isTerminal ?? false);
  const code = await main({
    name: "heap",
    invocation: "kinglet heap",
    argv,
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
    stdout,
    stderr,
    clock: new ManualClock(),
    process,
    isSingleExecutable: false,
    version: "0.0.0",
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function matchGolden(name: string, actual: string): void {
  const path = join(golden, name);
  const text = actual.replaceAll(`${golden}/`, "");
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, "utf8"));
}

/** What `locations` and edges are about is left out: no growth by module but in the last row. */
function snapshotOf(
  nodes: readonly (readonly [type: number, name: number, size: number])[],
  strings: readonly string[],
): string {
  const meta = {
    node_fields: ["type", "name", "self_size", "edge_count"],
    node_types: [["object", "string", "closure", "array"], "string", "number", "number"],
    edge_fields: ["type", "name_or_index", "to_node"],
    edge_types: [["internal"], "string_or_number", "node"],
    location_fields: ["object_index", "script_id", "line", "column"],
  };
  const flat = nodes.flatMap(([type, name, size]) => [type, name, size, 0]);
  const snapshot = { meta, node_count: nodes.length, edge_count: 0 };
  return JSON.stringify({ snapshot, nodes: flat, edges: [], locations: [], strings });
}

describe("main", () => {
  it("prints growth by constructor and by module", async () => {
    const ended = await run(["compare", tinyA, tinyB]);
    expect([ended.code, ended.stderr]).toEqual([ExitCode.ok, ""]);
    matchGolden("text.txt", ended.stdout);
  });

  it("adds up the rows beyond --top in one", async () => {
    matchGolden("top-1.txt", (await run(["compare", tinyA, tinyB, "--top", "1"])).stdout);
  });

  it("prints one JSON object with --output json", async () => {
    matchGolden("json.txt", (await run(["compare", tinyA, tinyB, "--output", "json"])).stdout);
  });

  it("says that nothing grew by showing the total alone", async () => {
    const { stdout } = await run(["compare", tinyA, tinyA]);
    expect(stdout).not.toContain("Session");
    expect(stdout).toMatch(/^ +0 +1,408 +1,408 +0 +9 +9 +total$/m);
  });

  it("divides the bundle into modules by a module map", async () => {
    const starts = [0, 0, 0, 5, 0, 1, 50, 0, 0];
    const map = file(
      "map.json",
      JSON.stringify({
        format: 2,
        bundles: [
          {
            bundle: "server.cjs",
            modules: ["src/session.ts", "node_modules/.pnpm/x@1/node_modules/x/a.js"],
            starts,
          },
        ],
      }),
    );
    const { stdout } = await run(["compare", tinyA, tinyB, "--output", "json", "--modules", map]);
    const { byModule } = JSON.parse(stdout) as { byModule: { top: { name: string; sizeGrowth: number }[] } };
    expect(byModule.top.map((row) => [row.name, row.sizeGrowth])).toEqual([
      ["(no source location)", 1920],
      ["src/session.ts", 88],
    ]);
  });

  it("adds up what JSON.parse would find, for any snapshot", async () => {
    const node = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 7 }), fc.nat({ max: 2 ** 40 }));
    const names = fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(node, { maxLength: 60 }), names, async (nodes, strings) => {
        const before = file("none.heapsnapshot", snapshotOf([], []));
        const after = file("some.heapsnapshot", snapshotOf(nodes, strings));
        const { code, stdout } = await run(["compare", before, after, "--output", "json", "--top", "1000"]);
        expect(code).toBe(ExitCode.ok);
        const expected = new Map<string, [count: number, size: number]>();
        for (const [type, name, size] of nodes) {
          const text = strings[name] as string;
          const key = ["object", "(string)", "closure", "(array)"][type] as string;
          const shown =
            key === "object"
              ? text || "(object without constructor)"
              : key === "closure"
                ? `${text || "(anonymous)"}()`
                : key;
          const row = expected.get(shown) ?? [0, 0];
          expected.set(shown, [row[0] + 1, row[1] + size]);
        }
        const { byConstructor } = JSON.parse(stdout) as {
          byConstructor: { top: { name: string; countGrowth: number; sizeGrowth: number }[] };
        };
        expect(new Map(byConstructor.top.map((row) => [row.name, [row.countGrowth, row.sizeGrowth]]))).toEqual(
          expected,
        );
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("shows no control characters of a snapshot", async () => {
    const hostile = file("hostile.heapsnapshot", snapshotOf([[0, 0, 8]], ["\u001b[31mred\u0007\u202e"]));
    expect((await run(["compare", tinyA, hostile])).stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  describe("on a terminal", () => {
    it("shows progress and removes it", async () => {
      const { stderr } = await run(["compare", tinyA, tinyB], { isTerminal: true });
      expect(stderr).toContain("reading A.json");
      expect(stderr.endsWith("\r\u001b[K")).toBe(true);
    });
  });

  describe("when it is told to stop", () => {
    it("ends with 1 and prints no comparison", async () => {
      const ended = await run(["compare", tinyA, tinyB], { signal: AbortSignal.abort() });
      expect(ended).toEqual({
        code: ExitCode.fault,
        stdout: "",
        stderr: "heap: interrupted before the comparison was complete\n",
      });
    });
  });

  describe("with wrong arguments", () => {
    it.each([
      [[], "what to do is missing"],
      [["compare"], "two files"],
      [["compare", "a"], "two files"],
      [["diff", "a", "b"], '"diff" is not known'],
      [["compare", "a", "b", "c"], "unexpected argument"],
      [["compare", "a", "b", "--top", "0"], "top"],
      [["compare", "a", "b", "--tpo", "1"], "--tpo: unknown flag"],
    ])("ends with 2 for %j", async (argv, problem) => {
      const { code, stdout, stderr } = await run(argv);
      expect([code, stdout]).toEqual([ExitCode.usage, ""]);
      expect(stderr).toContain(problem);
    });

    it("explains itself with --help", async () => {
      const { code, stdout } = await run(["--help"]);
      expect(code).toBe(ExitCode.ok);
      expect(stdout).toContain("Usage: kinglet heap compare A.heapsnapshot B.heapsnapshot [flags]");
    });

    it("does not read the sensor's environment", async () => {
      expect((await run(["compare", tinyA, tinyA], { env: { KINGLET_OUTPUT: "auto" } })).code).toBe(ExitCode.ok);
    });
  });

  describe("with a file that cannot be used", () => {
    const whole = readFileSync(tinyA, "utf8");
    const replaced = (from: string | RegExp, to: string): string => whole.replace(from, to);
    const cases: readonly (readonly [title: string, make: () => string, code: string, words: string])[] = [
      ["a missing file", () => join(folder, "nothing"), "UNREADABLE", "no such file"],
      ["a directory", () => folder, "UNREADABLE", "directory"],
      ["a device", () => "/dev/zero", "UNREADABLE", "regular file"],
      ["an empty file", () => file("empty", ""), "TRUNCATED", "0 bytes"],
      ["gzip", () => file("a.gz", new Uint8Array([0x1f, 0x8b, 8, 0])), "COMPRESSED", "gunzip"],
      ["a text", () => file("text", "hello"), "NOT_A_SNAPSHOT", "start with {"],
      ["another JSON", () => file("other", '{"a":1}'), "NOT_A_SNAPSHOT", 'no section "snapshot"'],
      ["nodes before meta", () => file("early", '{"nodes":[1]}'), "NOT_A_SNAPSHOT", "before snapshot"],
      ["meta without a field", () => file("field", replaced('"self_size"', '"size"')), "NOT_A_SNAPSHOT", "self_size"],
      [
        "meta that is no JSON",
        () => file("meta", '{"snapshot":{"meta":nul},"nodes":[]}'),
        "NOT_A_SNAPSHOT",
        "not JSON",
      ],
      [
        "an absurd count",
        () => file("absurd", replaced('"node_count":9', '"node_count":9e12')),
        "NOT_A_SNAPSHOT",
        "do not fit",
      ],
      [
        "a negative count",
        () => file("negative", replaced('"node_count":9', '"node_count":-9')),
        "NOT_A_SNAPSHOT",
        "not a count",
      ],
      [
        "fewer nodes than declared",
        () => file("fewer", replaced('"node_count":9', '"node_count":10')),
        "NOT_A_SNAPSHOT",
        "has 9",
      ],
      [
        "more nodes than declared",
        () => file("more", replaced('"node_count":9', '"node_count":8')),
        "NOT_A_SNAPSHOT",
        "more",
      ],
      ["half a node", () => file("half", replaced(",6,7,17,1000,0,0", ",6,7,17")), "NOT_A_SNAPSHOT", "not complete"],
      [
        "a node type that is not declared",
        () => file("type", replaced(",6,7,17", ",60,7,17")),
        "NOT_A_SNAPSHOT",
        "type 60",
      ],
      ["an absurd name", () => file("name", replaced(",6,7,17", ",6,7000000,17")), "NOT_A_SNAPSHOT", "cannot be"],
      ["a huge number", () => file("huge", replaced("1000", "9".repeat(400))), "NOT_A_SNAPSHOT", "2^53"],
      ["a fraction", () => file("fraction", replaced("1000", "1.5")), "NOT_A_SNAPSHOT", "integer"],
      ["an edge into nothing", () => file("edge", replaced("3,8,12", "3,8,6000")), "NOT_A_SNAPSHOT", "6000"],
      [
        "more edges than declared",
        () => file("edges", replaced(",2,5,48", ",2,5,48,2,5,48")),
        "NOT_A_SNAPSHOT",
        "more edges",
      ],
      ["a location of nothing", () => file("location", replaced("6,52,10", "7,52,10")), "NOT_A_SNAPSHOT", "node 7"],
      ["a section twice", () => file("twice", replaced('"trace_tree":[]', '"nodes":[]')), "NOT_A_SNAPSHOT", "twice"],
      ["something behind the end", () => file("behind", `${whole}x`), "NOT_A_SNAPSHOT", "follows"],
      ["a wrong escape", () => file("escape", replaced("\\u00e4", "\\q")), "NOT_A_SNAPSHOT", "escape"],
    ];

    it.each(cases)("ends with 3 and one coded line for %s", async (_title, make, code, words) => {
      const ended = await run(["compare", tinyA, make()]);
      expect([ended.code, ended.stdout]).toEqual([ExitCode.input, ""]);
      expect(ended.stderr).toMatch(new RegExp(`^heap: KINGLET_ERR_KINGLET_HEAP_${code} [^\\n]+\\n$`));
      expect(ended.stderr).toContain(words);
    });

    it("names the section in which a file ends, for every length", async () => {
      const bytes = Buffer.from(whole.trimEnd());
      for (let length = 1; length < bytes.length; length += 7) {
        const ended = await run(["compare", file("cut", bytes.subarray(0, length)), tinyB]);
        expect(ended.code).toBe(ExitCode.input);
        expect(ended.stderr).toContain("KINGLET_ERR_KINGLET_HEAP_TRUNCATED");
      }
    });

    it("ends with 3 for a module map that is none", async () => {
      for (const text of ["", "[]", '{"format":2,"bundles":[{"bundle":"a","modules":[],"starts":[0,0,0]}]}']) {
        const ended = await run(["compare", tinyA, tinyB, "--modules", file("bad.json", text)]);
        expect(ended.code).toBe(ExitCode.input);
        expect(ended.stderr).toContain("KINGLET_ERR_KINGLET_HEAP_MODULES");
      }
    });
  });
});
