import { policyModes, type PolicyMode } from "../model/policy-names.ts";
import { securityPolicySpecSchema } from "../model/policy-schema.ts";
import type { StatedPolicy } from "../model/stated-policy.ts";
import { ProblemList } from "../validation/problem-list.ts";
import type { RuleSubject } from "../validation/rule-subject.ts";
import { validatePolicy } from "../validation/validate-policy.ts";
import { assemblePolicy } from "./assemble-policy.ts";
import { SchemaReader } from "./read-by-schema.ts";
import type { ReadingResult } from "./reading-result.ts";

/** Group and version of SecurityPolicy resources. @public */
export const securityPolicyApiVersion = "config.stackrox.io/v1alpha1";
/** Kind of SecurityPolicy resources. @public */
export const securityPolicyKind = "SecurityPolicy";
/** Annotation of a SecurityPolicy that names a {@link PolicyMode}. @public */
export const modeAnnotation = "kinglet.dev/mode";

/** What is known around a policy. @public */
export interface ReadingOptions {
  /** Names and ids of notifiers that exist; absent: none is checked. An id in the form of a UUID always passes. */
  readonly knownNotifiers?: ReadonlySet<string>;
  /** Names and ids of clusters that exist; absent: none is checked. An id in the form of a UUID always passes. */
  readonly knownClusters?: ReadonlySet<string>;
}

/**
 * Reads a SecurityPolicy resource from JSON of any origin, and says everything that is wrong with it.
 *
 * Whatever an existing installation holds is accepted unchanged; a field or name that is not understood is an error, never
 * dropped in silence. Patterns are not compiled here: `checkPatterns` does that. Work is bounded by the size of the policy
 * schema and by 100,000 values, whatever is given; nothing is thrown for anything that `JSON.parse` can make.
 *
 * @param resource - the whole resource; `apiVersion` and `kind` may be absent, as in lists.
 *
 * @public
 */
export function readSecurityPolicy(resource: unknown, options: ReadingOptions = {}): ReadingResult {
  const problems = new ProblemList();
  if (!isRecord(resource)) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", "", "a SecurityPolicy must be an object", {
      value: resource,
    });
    return { policy: undefined, problems: problems.problems };
  }
  checkEnvelope(resource, problems);
  const mode = readMode(resource, problems);
  const spec = own(resource, "spec");
  const reader = new SchemaReader(problems);
  const stated = reader.read(securityPolicySpecSchema(), spec, "spec") as StatedPolicy | undefined;
  if (stated !== undefined) validatePolicy(subjectOf(stated, spec, options), problems);
  if (stated === undefined || problems.hasErrors) return { policy: undefined, problems: problems.problems };
  return { policy: assemblePolicy(stated, { id: identify(resource), mode }), problems: problems.problems };
}

function checkEnvelope(resource: Readonly<Record<string, unknown>>, problems: ProblemList): void {
  for (const [key, permitted] of [
    ["apiVersion", securityPolicyApiVersion],
    ["kind", securityPolicyKind],
  ] as const) {
    const value = own(resource, key);
    if (value === undefined || value === permitted) continue;
    const details = { value, permitted: [permitted] };
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME", key, `must be ${permitted}`, details);
  }
  const permitted = ["apiVersion", "kind", "metadata", "spec", "status"];
  for (const key of Object.keys(resource)) {
    if (permitted.includes(key)) continue;
    if (problems.isFull) return;
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_FIELD", key, "is not a known field", { permitted });
  }
}

function readMode(resource: Readonly<Record<string, unknown>>, problems: ProblemList): PolicyMode | undefined {
  const annotations = member(own(resource, "metadata"), "annotations");
  const value = member(annotations, modeAnnotation);
  if (value === undefined) return undefined;
  for (const mode of policyModes) if (mode === value) return mode;
  problems.error(
    "KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME",
    `metadata.annotations[${JSON.stringify(modeAnnotation)}]`,
    `must be one of ${policyModes.join(", ")}`,
    { value, permitted: policyModes },
  );
  return undefined;
}

/** Rules that depend on something that could not be read are skipped: they would only repeat what is known to be wrong. */
function subjectOf(stated: StatedPolicy, spec: unknown, options: ReadingOptions): RuleSubject {
  const statedSource = member(spec, "eventSource");
  const isSourceWrong = stated.eventSource === undefined && statedSource !== undefined && statedSource !== null;
  const stages = stated.lifecycleStages;
  const areStagesWrong = stages === undefined || stages.includes(undefined);
  return {
    stated,
    eventSource: isSourceWrong ? undefined : (stated.eventSource ?? "NOT_APPLICABLE"),
    stages: areStagesWrong ? undefined : new Set(stages.filter((stage) => stage !== undefined)),
    knownNotifiers: options.knownNotifiers,
    knownClusters: options.knownClusters,
  };
}

/** See {@link SecurityPolicy.id}. */
function identify(resource: Readonly<Record<string, unknown>>): string {
  const metadata = own(resource, "metadata");
  const known = [member(own(resource, "status"), "policyId"), member(metadata, "uid")];
  for (const id of known) if (typeof id === "string" && id !== "") return id;
  const names = [member(metadata, "namespace"), member(metadata, "name")];
  return names.filter((name) => typeof name === "string" && name !== "").join("/");
}

function member(value: unknown, key: string): unknown {
  return isRecord(value) ? own(value, key) : undefined;
}

/** Own members only: `constructor` must not pass for something that the document says. */
function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
