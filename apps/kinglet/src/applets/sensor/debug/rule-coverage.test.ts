import { loadBuiltinRules } from "@kinglet/detection";
import type { ActivityEventKind } from "@kinglet/enrichment";
import type { RuleDefinition } from "@kinglet/policy-engine";
import { describe, expect, it } from "vitest";
import { coverageOf, rulesInForce, type CoverageParts } from "./rule-coverage.ts";

const builtin = await loadBuiltinRules();

function partsWith(
  source: string,
  seenKinds: readonly ActivityEventKind[] = [],
  rules: readonly RuleDefinition[] | undefined = builtin,
  invalid: readonly string[] = [],
): CoverageParts {
  const room = { rules, fallbackFor: (id: string) => builtin.find((rule) => rule.id === id) };
  return {
    opened: { rules: room },
    detector: { invalidRules: invalid.map((ruleId) => ({ ruleId, problems: [] })), seenKinds: new Set(seenKinds) },
    source: { name: source },
  };
}

async function idsIn(state: string, parts: CoverageParts): Promise<readonly string[]> {
  return [...(await coverageOf(parts)).values()].filter((one) => one.state === state).map(({ ruleId }) => ruleId);
}

describe("coverageOf", () => {
  it("has the rules blind that the configured source cannot feed [rules K-1]", async () => {
    expect(await idsIn("blind", partsWith("linux-audit"))).toEqual(["R0004", "R0005", "R1008"]);
    expect(await idsIn("blind", partsWith("tetragon-file"))).toEqual([]);
    expect(await idsIn("blind", partsWith("tetragon-grpc+linux-audit"))).toEqual([]);
  });

  it("tells which rules have seen no event of their kind so far [rules K-1]", async () => {
    const unseen = await idsIn("unseen", partsWith("tetragon-file", ["exec", "open", "network", "kmod"]));
    expect(unseen).toEqual(["R0003", "R0004", "R0005", "R0009", "R1006", "R1008", "R1010", "R1012", "R1015", "R1030"]);
  });

  it("is about the built-in rule that runs in the place of an invalid one, and empty before rules are loaded [rules K-1]", async () => {
    const own = { ...builtin.find(({ id }) => id === "R0005")!, name: "own" };
    const parts = partsWith("linux-audit", [], [own], ["R0005"]);
    expect(rulesInForce(parts).map(({ name }) => name)).toEqual(["DNS Anomalies in container"]);
    expect(await idsIn("blind", parts)).toEqual(["R0005"]);
    expect(await coverageOf({ ...parts, opened: {} })).toEqual(new Map());
  });
});
