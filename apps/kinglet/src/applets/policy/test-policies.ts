import { PolicySet, type PolicyVerdict, type SecurityPolicy } from "@kinglet/policy-engine/security-policy";
import { ExitCode, type AppletContext } from "../../applet-context.ts";
import type { PolicyConfig } from "./config.ts";
import { readManifests, type ManifestWorkload } from "./manifest-facts.ts";
import { readInputs } from "./read-inputs.ts";
import { readPolicies, type PolicySource } from "./read-policies.ts";
import { printable, renderProblems } from "./render-problems.ts";
import { count, describeSource } from "./validate-policies.ts";

/** What the policies say about one workload. */
interface TestedWorkload extends ManifestWorkload {
  readonly verdicts: readonly PolicyVerdict[];
}

/**
 * `test`: which workloads of the manifests violate which policies. Exit code 1 when one does, when a policy is invalid, and with
 * `--strict` when one could not be evaluated.
 */
export async function test(context: AppletContext, config: PolicyConfig, files: readonly string[]): Promise<ExitCode> {
  const { sources } = await readPolicies(await readInputs(files, context));
  const policies = sources.map(({ policy }) => policy).filter((policy) => policy !== undefined);
  const manifests = await readInputs(config.against, context);
  const [images] = config.images === undefined ? [] : await readInputs([config.images], context);
  const facts = readManifests(manifests, images, config);
  const { exactNames, requireEach } = config;
  const set = new PolicySet({ exactNames, requireEach, now: () => context.clock.now() });
  // A policy is tested before it is enabled.
  set.replace(policies.map((policy) => ({ ...policy, disabled: false })));
  await set.prepare();
  const tested: TestedWorkload[] = [];
  for (const one of facts.workloads) {
    const subject = facts.subjectOf(one.workload);
    tested.push({ ...one, verdicts: verdictsOf(set, subject) });
  }
  const notTested = policies.filter((policy) => isRuntimeOnly(policy));
  await context.stdout.write(
    config.output === "json" ? renderJson(sources, tested, notTested) : renderText(sources, tested, notTested),
  );
  const isFine =
    policies.length === sources.length &&
    policies.length > 0 &&
    tested.length > 0 &&
    tested.every(({ verdicts }) => verdicts.every((verdict) => isGood(verdict, config.strict)));
  return isFine ? ExitCode.ok : ExitCode.fault;
}

/** Policies for BUILD alone are tested as well: their images stand in the workload. */
function verdictsOf(set: PolicySet, subject: Parameters<PolicySet["evaluateDeploy"]>[0]): readonly PolicyVerdict[] {
  const buildOnly = new Set(set.policies.filter(({ lifecycleStages }) => !lifecycleStages.includes("DEPLOY")));
  const deploy = set.evaluateDeploy(subject);
  return [...deploy, ...set.evaluateDeploy(subject, { stage: "BUILD", only: buildOnly })];
}

function isGood({ outcome }: PolicyVerdict, strict: boolean): boolean {
  return outcome === "passed" || outcome === "excluded" || (outcome === "notEvaluated" && !strict);
}

function isRuntimeOnly({ lifecycleStages }: SecurityPolicy): boolean {
  return lifecycleStages.every((stage) => stage === "RUNTIME");
}

function renderText(
  sources: readonly PolicySource[],
  tested: readonly TestedWorkload[],
  notTested: readonly SecurityPolicy[],
): string {
  let text = renderProblems(sources);
  for (const workload of tested) text += renderWorkload(workload);
  for (const { name } of notTested) text += `not tested, RUNTIME only: ${printable(name)}\n`;
  const outcomes = tested.flatMap(({ verdicts }) => verdicts.map(({ outcome }) => outcome));
  const number = (outcome: PolicyVerdict["outcome"]): number => outcomes.filter((one) => one === outcome).length;
  const invalid = sources.filter(({ policy }) => policy === undefined).length;
  const parts = [
    `${count(sources.length, "policy", "policies")} against ${count(tested.length, "workload")}: ${number("violated")} violated`,
    `${number("passed")} passed`,
    ...(number("excluded") > 0 ? [`${number("excluded")} excluded`] : []),
    ...(number("notEvaluated") > 0 ? [`${number("notEvaluated")} not evaluated`] : []),
    ...(invalid > 0 ? [`${count(invalid, "policy", "policies")} invalid`] : []),
  ];
  return `${text}${parts.join(", ")}\n`;
}

function renderWorkload({ file, line, workload, verdicts }: TestedWorkload): string {
  const { kind, namespace, name } = workload;
  let text = "";
  for (const { policy, outcome, violations, missing, problem } of verdicts) {
    if (outcome === "passed" || outcome === "excluded") continue;
    const where = `${file}:${line}: ${kind} ${namespace}/${name}`;
    if (outcome === "notEvaluated") {
      text += printable(`${where}: not evaluated: ${policy.name} (${problem ?? `not known: ${missing.join(", ")}`})`);
      text += "\n";
      continue;
    }
    text += `${printable(`${where}: violates ${policy.name} (${policy.severity.replace("_SEVERITY", "").toLowerCase()})`)}\n`;
    for (const { message } of violations) text += `    ${printable(message)}\n`;
    if (policy.remediation !== "") text += `    to do: ${printable(policy.remediation)}\n`;
  }
  return text;
}

function renderJson(
  sources: readonly PolicySource[],
  tested: readonly TestedWorkload[],
  notTested: readonly SecurityPolicy[],
): string {
  const result = {
    policies: sources.map(describeSource),
    notTested: notTested.map(({ id, name }) => ({ id, name })),
    workloads: tested.map(({ file, line, workload: { kind, namespace, name }, verdicts }) => ({
      file,
      line,
      kind,
      namespace,
      name,
      verdicts: verdicts.map(({ policy, outcome, violations, missing, problem }) => ({
        policy: policy.name,
        id: policy.id,
        severity: policy.severity,
        outcome,
        violations: violations.map(({ message }) => message),
        missing,
        ...(problem === undefined ? {} : { problem }),
      })),
    })),
  };
  return `${JSON.stringify(result, undefined, 2)}\n`;
}
