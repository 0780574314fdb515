import {
  array,
  boolean,
  integer,
  map,
  object,
  oneOf,
  optional,
  string,
  unknown,
  type Schema,
} from "@kinglet/lazy-schema";

/** What a newer rule says survives an older definition. */
const KEEP = { unknownKeys: "keep" } as const;
/** Bounds where abuse begins, not where large rules end. */
const MAX_TEXT = 65_536;
const MAX_NAME = 1_024;
const MAX_RULES = 1_000;

const text = (doc: string): Schema => optional(string({ max: MAX_TEXT, doc }));
const name = (doc: string): Schema => optional(string({ max: MAX_NAME, doc }));

/** The `spec` of Rules. */
export function rulesSpec(): Schema {
  const condition = object({
    eventType: string({ max: MAX_NAME, doc: "Which events it is about, for example exec." }),
    expression: string({ max: MAX_TEXT, doc: "CEL; yields bool. Several for one event type must all hold." }),
  });
  const expressions = object(
    {
      message: string({ max: MAX_TEXT, doc: "CEL; yields the text of the alert." }),
      uniqueId: string({ max: MAX_TEXT, doc: "CEL; yields what makes two alerts of the rule the same." }),
      ruleExpression: array(condition, { max: MAX_RULES }),
    },
    KEEP,
  );
  const rule = object(
    {
      enabled: optional(boolean({ doc: "False: the rule is not run." })),
      id: string({ max: MAX_NAME, doc: "Stable identifier, for example R0001." }),
      name: string({ max: MAX_NAME }),
      description: text("What an alert of it means."),
      expressions,
      profileDependency: optional(
        integer({ min: 0, max: 2, doc: "0: needs a profile; 1: uses one where there is one; 2: needs none." }),
      ),
      profileDataRequired: optional(unknown({ doc: "What the expressions ask of profiles, by surface." })),
      severity: optional(integer({ min: 0, max: 10, doc: "1 (lowest) to 10." })),
      supportPolicy: optional(
        boolean({ doc: "True: a profile may allow the rule for a process or the whole container." }),
      ),
      isTriggerAlert: optional(boolean()),
      mitreTactic: name("Tactic of MITRE ATT&CK."),
      mitreTechnique: name("Technique of MITRE ATT&CK."),
      tags: optional(array(string({ max: MAX_NAME }), { max: MAX_RULES })),
      state: optional(unknown({ doc: "Free parameters of the rule." })),
      agentVersionRequirement: name("Versions of another product that know the rule."),
    },
    KEEP,
  );
  return object({ rules: array(rule, { max: MAX_RULES }) }, KEEP);
}

/** The `spec` of RuntimeRuleAlertBinding. */
export function bindingSpec(): Schema {
  const selector = (doc: string): Schema =>
    optional(
      object(
        {
          matchLabels: optional(map(string({ max: MAX_NAME }), { max: MAX_RULES })),
          matchExpressions: optional(
            array(
              object(
                {
                  key: string({ max: MAX_NAME }),
                  operator: oneOf(["In", "NotIn", "Exists", "DoesNotExist"]),
                  values: optional(array(string({ max: MAX_NAME }), { max: MAX_RULES })),
                },
                KEEP,
              ),
              { max: MAX_RULES },
            ),
          ),
        },
        { ...KEEP, doc },
      ),
    );
  const rule = object(
    {
      ruleName: name("The rule of this name; only one of name, id and tags."),
      ruleID: name("The rule of this id."),
      ruleTags: optional(
        array(string({ max: MAX_NAME }), { max: MAX_RULES, doc: "Every rule with one of these tags." }),
      ),
      severity: optional(string({ max: MAX_NAME })),
      parameters: optional(unknown()),
    },
    KEEP,
  );
  return object(
    {
      namespaceSelector: selector("Namespaces of the pods; absent: all."),
      podSelector: selector("Pods; absent: all."),
      rules: array(rule, { max: MAX_RULES }),
    },
    KEEP,
  );
}
