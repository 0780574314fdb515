import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Finding } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BodyRefusal } from "../webhook/webhook-route.ts";
import { createFalcoRoute } from "./create-falco-route.ts";

const alerts = readFileSync(join(import.meta.dirname, "../../fixtures/falco/alerts.jsonl"), "utf8")
  .trimEnd()
  .split("\n");
const goldenFile = join(import.meta.dirname, "../../golden/falco-findings.json");

function post(
  body: string,
  { room = 100, chunkBytes = 4096 } = {},
): { refusal: BodyRefusal | undefined; findings: Finding[] } {
  const findings: Finding[] = [];
  const offer = (finding: Finding): boolean => findings.length < room && findings.push(finding) > 0;
  const reader = createFalcoRoute({ queue: { offer }, clock: new ManualClock(), metrics: noopMetrics }).open();
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const refusal = reader.push(bytes.subarray(at, at + chunkBytes));
    if (refusal !== undefined) return { refusal, findings };
  }
  return { refusal: reader.end(), findings };
}

describe("createFalcoRoute", () => {
  it("makes of each alert what the golden file says, in whatever pieces it comes [falco alert]", async () => {
    const findings = alerts.flatMap((line) => post(line).findings);
    const text = `${JSON.stringify(findings, undefined, 2)}\n`;
    // oxlint-disable-next-line node/no-process-env -- the switch that rewrites golden files
    if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(goldenFile, text);
    expect(text).toBe(await readFile(goldenFile, "utf8"));
    expect(alerts.flatMap((line) => post(`\n ${line} \n`, { chunkBytes: 1 }).findings)).toEqual(findings);
  });

  it("keeps every digit of a time in nanoseconds [falco time]", () => {
    const [finding] = post(
      '{"rule":"r","output_fields":{"evt.time":1760000003999999999,"evt.rawtime":9007199254740993}}',
    ).findings;
    expect(finding).toMatchObject({
      time: "2025-10-09T08:53:23.999999999Z",
      details: { "evt.time": "1760000003999999999", "evt.rawtime": "9007199254740993" },
    });
  });

  it.each(["2026-99-99T99:99:99Z", "2026-02-30T00:00:00Z", "garbage", "2026-11-21T00:00:00+99:99"])(
    "has the time at which the alert came where %s is told [falco time]",
    (time) => {
      expect(post(JSON.stringify({ rule: "r", time })).findings).toMatchObject([
        { time: new Date(new ManualClock().now()).toISOString() },
      ]);
    },
  );

  it("writes offsets with the colon that Falco leaves out [falco time]", () => {
    const { findings } = post(JSON.stringify({ rule: "r", time: "2026-11-21T10:00:00.123456789+0530" }));
    expect(findings).toMatchObject([{ time: "2026-11-21T10:00:00.123456789+05:30" }]);
  });

  it.each([
    ["Emergency", 10],
    ["ALERT", 9],
    ["critical", 8],
    ["Error", 7],
    ["Warning", 5],
    ["Notice", 3],
    ["Informational", 2],
    ["Debug", 1],
    ["constructor", 5],
  ])("takes the priority %s for severity %i [falco priority]", (priority, severity) => {
    expect(post(JSON.stringify({ rule: "r", priority })).findings).toMatchObject([{ severity }]);
  });

  it("hides secrets and bounds what Falco sends [falco redaction]", () => {
    const fields = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`proc.aname[${at}]`, "x".repeat(1500)]));
    const { findings } = post(
      JSON.stringify({
        rule: "r".repeat(5000),
        output: `--token ${"s3cr3t".repeat(9)} ${"y".repeat(9000)}`,
        output_fields: fields,
      }),
    );
    expect(JSON.stringify(findings)).not.toContain("s3cr3t");
    expect(Object.keys(findings[0]!.details).length).toBeLessThanOrEqual(64);
    expect(findings[0]!.message.length).toBeLessThanOrEqual(1024);
    expect(findings[0]!.ruleId.length).toBeLessThanOrEqual(256);
  });

  it("answers 429 when there is no room [falco refusal]", () => {
    expect(post(alerts[0]!, { room: 0 }).refusal).toMatchObject({ status: 429 });
  });

  it("takes what is no alert, because it would not come again [falco refusal]", () => {
    for (const body of ["{}", "[]", '{"rule":5}', "12", '"text"', "null"]) {
      expect(post(body)).toEqual({ refusal: undefined, findings: [] });
    }
  });

  it.each([
    ["", "ends too early"],
    ['{"rule":"r"', "ends too early"],
    ['{"rule":}', "not JSON"],
    ['{"rule":"r"}{"rule":"s"}', "more than one value"],
    [`{"rule":"${"x".repeat(1_100_000)}"}`, "too large"],
    [`{"rule":${"[".repeat(100)}${"]".repeat(100)}}`, "too deep"],
  ])("refuses a body that begins with %.30s: %s [falco refusal]", (body, text) => {
    for (const chunkBytes of [1000, 100_000]) {
      const { refusal, findings } = post(body, { chunkBytes });
      expect(refusal).toMatchObject({ status: 400 });
      expect(refusal?.text).toContain(text);
      expect(findings).toEqual([]);
    }
  });

  it("never throws, whatever the members are [falco refusal]", () => {
    const names = ["rule", "output", "output_fields", "priority", "time", "hostname", "tags", "source", "message"];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 2 })), (members) => {
        for (const finding of post(JSON.stringify({ rule: "r", ...members })).findings) {
          for (const value of [...Object.values(finding.details), finding.message, finding.time])
            expect(typeof value).toBe("string");
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
