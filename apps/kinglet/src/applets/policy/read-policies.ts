import {
  findCompileProblems,
  readSecurityPolicy,
  securityPolicyKind,
  type PolicyProblem,
  type SecurityPolicy,
} from "@kinglet/policy-engine/security-policy";
import type { Position } from "./line-index.ts";
import type { Input } from "./read-inputs.ts";
import { parseDocuments, type SourceDocument } from "./source-document.ts";

/** A problem and where it stands. */
export interface LocatedProblem extends PolicyProblem, Position {}

/** A document that is, or should be, a policy. */
export interface PolicySource {
  readonly file: string;
  readonly line: number;
  /** `metadata.name`; empty when there is none. */
  readonly name: string;
  /** `spec.policyName`, as far as it is a text. */
  readonly policyName: string;
  /** Undefined when there is an error. */
  readonly policy: SecurityPolicy | undefined;
  readonly problems: readonly LocatedProblem[];
  /** For showing lines. */
  readonly text: string;
}

/** All policies of the inputs, and how many documents of other kinds were passed over. */
export interface ReadPolicies {
  readonly sources: readonly PolicySource[];
  readonly others: number;
}

/** Reads the policies of all inputs, members of a `List` included, patterns compiled; two of one name are a problem. */
export async function readPolicies(inputs: readonly Input[]): Promise<ReadPolicies> {
  const sources: PolicySource[] = [];
  const names = new Map<string, string>();
  let others = 0;
  for (const input of inputs) {
    for (const document of parseDocuments(input).flatMap(expandList)) {
      if (document.problems.length === 0 && kindOf(document.value) !== securityPolicyKind && hasKind(document.value)) {
        others += 1;
        continue;
      }
      sources.push(await readPolicy(document, names));
    }
  }
  return { sources, others };
}

async function readPolicy(document: SourceDocument, names: Map<string, string>): Promise<PolicySource> {
  const { input, value } = document;
  const start = document.locate("", "value");
  const base = { file: input.name, line: start.line, name: "", policyName: "", text: input.text };
  if (document.problems.length > 0)
    return { ...base, policy: undefined, problems: document.problems.map(syntaxProblem) };
  const { policy, problems: found } = readSecurityPolicy(value);
  const problems = [...found];
  if (!hasKind(value)) problems.unshift(shapeProblem("kind", `is required: ${securityPolicyKind}`));
  if (policy !== undefined) {
    for (const { path, message } of await findCompileProblems(policy)) {
      problems.push({ ...shapeProblem(path, message), code: "KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE" });
    }
  }
  const policyName = textAt(value, "spec", "policyName").trim();
  const here = `${input.name}:${start.line}`;
  const there = names.get(policyName);
  if (there !== undefined) {
    const problem = shapeProblem("spec.policyName", `is the name of another policy, too: ${there}`);
    problems.push({ ...problem, code: "KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION", value: policyName });
  } else if (policyName !== "") names.set(policyName, here);
  return {
    ...base,
    name: textAt(value, "metadata", "name"),
    policyName,
    policy: problems.some(({ level }) => level === "error") ? undefined : policy,
    problems: problems.map((problem) => located(problem, document)),
  };
}

function located(problem: PolicyProblem, document: SourceDocument): LocatedProblem {
  const isKey = problem.code === "KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_FIELD";
  const { line, column } = document.locate(problem.path, isKey ? "key" : "value");
  return { ...problem, line, column };
}

function shapeProblem(path: string, message: string): PolicyProblem {
  return { code: "KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", level: "error", path, value: "", message };
}

function syntaxProblem({ message, line, column }: SourceDocument["problems"][number]): LocatedProblem {
  return { ...shapeProblem("", message), line, column };
}

/** The members of a `List`, as `kubectl get -o yaml` writes them, or the document itself. */
export function expandList(document: SourceDocument): readonly SourceDocument[] {
  const { value } = document;
  const items = kindOf(value).endsWith("List") ? (value as { readonly items?: unknown }).items : undefined;
  if (!Array.isArray(items)) return [document];
  return items.map((item, index) => document.at(item, `items[${index}]`));
}

/** The kind that a document says it is; empty when it says none. */
export function kindOf(value: unknown): string {
  return textAt(value, "kind");
}

function hasKind(value: unknown): boolean {
  return kindOf(value) !== "";
}

function textAt(value: unknown, ...keys: readonly string[]): string {
  let inner: unknown = value;
  for (const key of keys) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, key)) return "";
    inner = (inner as Readonly<Record<string, unknown>>)[key];
  }
  return typeof inner === "string" ? inner : "";
}
