import type { RuleDefinition } from "@kinglet/policy-engine";

/**
 * The rules that the sensor brings along.
 *
 * @public
 */
export const builtinRules: readonly RuleDefinition[] = [
  {
    enabled: true,
    id: "R0001",
    name: "Unexpected process launched",
    description: "A container ran a program that its profile does not list.",
    expressions: {
      message: "event.exepath + ' ran in container ' + event.containerName + ', and the profile does not list it'",
      uniqueId: "event.comm + '|' + event.exepath",
      ruleExpression: [{ eventType: "exec", expression: "!ap.was_executed(event.containerId, event.exepath)" }],
    },
    profileDependency: 0,
    profileDataRequired: { execs: "all" },
    severity: 1,
    supportPolicy: false,
    isTriggerAlert: true,
    mitreTactic: "TA0002",
    mitreTechnique: "T1059",
    tags: ["anomaly", "process", "exec", "applicationprofile"],
  },
];
