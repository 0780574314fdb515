import {
  array,
  boolean,
  lazy,
  object,
  oneOf,
  optional,
  string,
  type Lazy,
  type ObjectSchema,
} from "@kinglet/lazy-schema";

import { maxValueLength } from "../grammars/grammar.ts";
import { booleanOperators, containerTypes, enforcementActions } from "./policy-names.ts";
import { eventSources, lifecycleStages, severities } from "./policy-names.ts";

let schema: Lazy<ObjectSchema<unknown>> | undefined;

/**
 * The `spec` of a SecurityPolicy as a schema: types, names and upper bounds. It accepts whatever the original definition of
 * `config.stackrox.io/v1alpha1` accepts; rules that involve more than one field, and the grammars of values, are those of
 * `readSecurityPolicy`. Built at the first call; a definition for the API server is made from it by `toCrdSchema`.
 *
 * @public
 */
export function securityPolicySpecSchema(): ObjectSchema<unknown> {
  schema ??= lazy(buildSpec, "security policy schema");
  return schema();
}

/** Bounds far above what people write; they keep one document from taking the memory of the rest. */
const maxText = 65_536;
const maxName = 1024;
const maxItems = 4096;

function buildSpec(): ObjectSchema<unknown> {
  const name = optional(string({ max: maxName }));
  const label = optional(object({ key: name, value: name }));
  const scope = object({
    cluster: optional(string({ max: maxName, doc: "Id or name of a cluster." })),
    namespace: optional(string({ max: maxName, doc: "Pattern over the whole name of the namespace." })),
    label,
    clusterLabel: label,
    namespaceLabel: label,
  });
  return object({
    policyName: string({
      max: maxName,
      pattern: /^[^\n\r$]{5,128}$/,
      doc: "Shown to people; unique. 5 to 128 characters, no line break, no dollar sign.",
    }),
    description: optional(
      string({ max: maxText, pattern: /^[^$]{0,800}$/, doc: "At most 800 characters, no dollar sign." }),
    ),
    rationale: optional(string({ max: maxText, doc: "Why the policy is there." })),
    remediation: optional(string({ max: maxText, doc: "What to do about a violation." })),
    disabled: optional(boolean({ doc: "True: the policy is not looked at." })),
    categories: array(string({ max: maxName }), {
      min: 1,
      max: maxItems,
      doc: "Free names for people to sort policies by.",
    }),
    lifecycleStages: array(oneOf(lifecycleStages), { min: 1, max: maxItems, doc: "When the policy is looked at." }),
    eventSource: optional(oneOf(eventSources, { doc: "What a RUNTIME policy listens to; only there." })),
    exclusions: optional(
      array(
        object({
          name,
          deployment: optional(object({ name, scope: optional(scope) })),
          image: optional(object({ name })),
          expiration: optional(string({ max: maxName, doc: "RFC 3339 time after which the exclusion is void." })),
        }),
        { max: maxItems, doc: "What the policy does not apply to." },
      ),
    ),
    scope: optional(array(scope, { max: maxItems, doc: "Where the policy holds; none means everywhere." })),
    severity: oneOf(severities, { doc: "How bad a violation is." }),
    enforcementActions: optional(
      array(oneOf(enforcementActions), { max: maxItems, doc: "What is done about a violation." }),
    ),
    notifiers: optional(array(string({ max: maxName }), { max: maxItems, doc: "Ids or names of who is told." })),
    policySections: array(
      object({
        sectionName: name,
        policyGroups: array(
          object({
            fieldName: string({ max: maxName, doc: "Name of a criterion." }),
            booleanOperator: optional(oneOf(booleanOperators, { doc: "How values combine; OR when absent." })),
            negate: optional(boolean({ doc: "True: violated when the criterion does not match." })),
            values: optional(array(object({ value: optional(string({ max: maxValueLength })) }), { max: maxItems })),
          }),
          { max: maxItems, doc: "Criteria that must all match the same thing." },
        ),
      }),
      { min: 1, max: maxItems, doc: "A violated section is a violated policy." },
    ),
    mitreAttackVectors: optional(
      array(object({ tactic: name, techniques: optional(array(string({ max: maxName }), { max: maxItems })) }), {
        max: maxItems,
        doc: "Tactics and techniques of MITRE ATT&CK, by id.",
      }),
    ),
    evaluationFilter: optional(
      object({ skipContainerTypes: optional(array(oneOf(containerTypes), { max: maxItems })) }),
    ),
    criteriaLocked: optional(boolean({ doc: "Deprecated, without effect." })),
    mitreVectorsLocked: optional(boolean({ doc: "Deprecated, without effect." })),
    isDefault: optional(boolean({ doc: "Deprecated, without effect." })),
  });
}
