import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { criteria, grammarOf, grammars } from "@kinglet/policy-engine/security-policy";
import type { Criterion, CriterionMatch } from "@kinglet/policy-engine/security-policy";

/** The sections of docs/policies.md that are written by the program, in the order of the document. */
const sections = { criteria: renderCriteria, values: renderGrammars, pack: renderPack } as const;

/**
 * Replaces the generated sections of docs/policies.md, which stand between `<!-- NAME: begin … -->` and `<!-- NAME: end -->`.
 *
 * @param root - folder of the repository, for the default pack.
 * @throws when a section has no place in the document.
 */
export function renderPolicies(document: string, root: string): string {
  let text = document;
  for (const [name, render] of Object.entries(sections)) {
    const begin = text.indexOf(`<!-- ${name}: begin`);
    const from = text.indexOf("-->\n", begin) + 4;
    const to = text.indexOf(`<!-- ${name}: end -->`);
    if (begin < 0 || from < 4 || to < from) throw new Error(`docs/policies.md has no section ${name}`);
    text = `${text.slice(0, from)}\n${render(root)}\n${text.slice(to)}`;
  }
  return text;
}

function renderCriteria(): string {
  const all = [...criteria().values()];
  const groups: readonly (readonly [string, (row: Criterion) => boolean])[] = [
    ["Workloads and containers", (row) => row.family === "deploy" && !row.stages.includes("BUILD")],
    ["Images", (row) => row.stages.includes("BUILD")],
    [
      "Processes, files and network flows",
      (row) => isEvent(row) && row.family !== "kubeEvent" && row.family !== "auditLog",
    ],
    ["The Kubernetes API", (row) => row.family === "kubeEvent" || row.family === "auditLog"],
  ];
  return groups.map(([title, holds]) => `### ${title}\n\n${criteriaTable(all.filter(holds))}`).join("\n");
}

function isEvent({ family }: Criterion): boolean {
  return family !== "deploy";
}

function criteriaTable(rows: readonly Criterion[]): string {
  const lines = rows
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((row) => {
      const usedIn = isEvent(row) ? [row.eventSources.map((source) => `\`${source}\``).join(", ")] : [];
      return cells(row.name, row.summary, valueOf(row), matchWords[row.match], limitsOf(row), ...usedIn);
    });
  const [first] = rows;
  const columns = ["Criterion", "Violated when", "Value", "Compared", "Limits and needs"];
  if (first !== undefined && isEvent(first)) columns.push("Event source");
  return `${cells(...columns)}${cells(...columns.map(() => "---"))}${lines.join("")}`;
}

function valueOf(row: Criterion): string {
  const names = new Set(row.eventSources.map((source) => grammarOf(row, source)));
  return [...names].map((name) => `\`${name}\``).join(", ");
}

function limitsOf({ negation, operators, needs, enforceable }: Criterion): string {
  const limits = [
    ...(negation ? [] : ["not negated"]),
    ...(operators ? [] : ["one value"]),
    ...(enforceable ? [] : ["no enforcement"]),
    ...needs.map((need) => `needs ${needWords[need]}`),
  ];
  return limits.length === 0 ? "–" : limits.join("; ");
}

const needWords = {
  image: "image metadata",
  rbac: "permissions",
  networkPolicies: "network policies",
  services: "services",
  namespaceLabels: "labels of namespaces",
  baseline: "the baseline",
} as const;

const matchWords: Readonly<Record<CriterionMatch, string>> = {
  boolean: "equal",
  number: "as number",
  enumeration: "by name",
  atLeast: "that much or more",
  wholeText: "pattern, whole text",
  partOfText: "pattern, any part",
  exactText: "whole text",
  prefixText: "beginning",
  age: "that old or older",
  mapContains: "no entry matches",
  mapLacks: "an entry matches",
  compound: "pattern per part",
  capabilities: "by name",
  signature: "none verified it",
  absent: "is absent",
  pathGlob: "path with wildcards",
};

function renderGrammars(): string {
  const lines = [...grammars().values()]
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, description, permitted, examples }) => {
      const areShown = permitted === undefined || permitted.length === examples.length;
      const names = areShown ? "" : `: ${permitted.join(", ")}`;
      const shown = examples.map((example) => `\`${example}\``).join(", ");
      return cells(`\`${name}\``, `${description}${names}`, shown);
    });
  return `${cells("Value", "What it is", "Examples")}${cells("---", "---", "---")}${lines.join("")}`;
}

function renderPack(root: string): string {
  const folder = join(root, "deploy/policies");
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const lines = files.toSorted().map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    const slug = file.slice(0, -".yaml".length);
    const criteriaUsed = new Set([...text.matchAll(/fieldName: (.+)/g)].map(([, name]) => name ?? ""));
    return cells(
      `[${slug}](../deploy/policies/${file})`,
      memberOf(text, "policyName"),
      memberOf(text, "severity").replace("_SEVERITY", "").toLowerCase(),
      memberOf(text, "disabled") === "true" ? "off" : "on",
      [...criteriaUsed].join(", "),
    );
  });
  const head = cells("File", "Policy", "Severity", "State", "Criteria") + cells("---", "---", "---", "---", "---");
  return head + lines.join("");
}

/** A member of the spec, written on one line as the pack writes it. */
function memberOf(text: string, key: string): string {
  return new RegExp(`^  ${key}: (.+)$`, "m").exec(text)?.[1] ?? "";
}

function cells(...texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll("|", String.raw`\|`)).join(" | ")} |\n`;
}
