import type { Criterion, CriterionFamily } from "../criteria/criterion.ts";
import { familyOf } from "../criteria/criteria.ts";
import type { CriterionName } from "../criteria/criterion-names.ts";
import type { ProblemList } from "./problem-list.ts";
import type { RuleSubject } from "./rule-subject.ts";
import { validateGroup } from "./validate-group.ts";

/** A criterion that a policy uses, and where. */
interface Use {
  readonly criterion: Criterion;
  readonly path: string;
  readonly values: readonly string[];
}

/** The rules about criteria: each alone, those of one section together, and those of the whole policy. @internal */
export function validateSections(subject: RuleSubject, problems: ProblemList): void {
  const sections = subject.stated.policySections;
  if (sections === undefined) return;
  if (sections.length === 0) {
    problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE", "spec.policySections", "must have at least one section");
  }
  const uses: (readonly Use[])[] = [];
  for (const [index, section] of sections.entries()) {
    if (section?.policyGroups === undefined || problems.isFull) continue;
    const path = `spec.policySections[${index}]`;
    if (section.policyGroups.length === 0) {
      problems.error(
        "KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE",
        `${path}.policyGroups`,
        "must have at least one criterion",
      );
    }
    const inSection = new Map<string, Use>();
    for (const [position, group] of section.policyGroups.entries()) {
      if (group === undefined || problems.isFull) continue;
      const where = `${path}.policyGroups[${position}]`;
      const criterion = validateGroup(group, where, subject, problems);
      if (criterion === undefined) continue;
      if (inSection.has(criterion.name)) {
        const message = `${criterion.name} is already in this section; join the values of both by OR or AND`;
        combination(problems, `${where}.fieldName`, message, criterion.name);
      } else {
        const values = (group.values ?? []).map((one) => one?.value ?? "");
        inSection.set(criterion.name, { criterion, path: `${where}.fieldName`, values });
      }
    }
    validateTogether(inSection, path, subject, problems);
    uses.push([...inSection.values()]);
  }
  validateKinds(uses, subject, problems);
  validateCapabilities(uses.flat(), problems);
}

/** What has to stand beside what in one section. */
function validateTogether(
  inSection: ReadonlyMap<string, Use>,
  path: string,
  { eventSource }: RuleSubject,
  problems: ProblemList,
): void {
  const needs = (name: CriterionName, other: CriterionName): void => {
    const use = inSection.get(name);
    if (use === undefined || inSection.has(other)) return;
    combination(problems, use.path, `${name} needs ${other} in the same section`, name);
  };
  const sectionNeeds = (name: CriterionName): void => {
    if (inSection.has(name)) return;
    combination(problems, path, `each section of a policy with the event source ${eventSource} needs ${name}`);
  };
  if (eventSource === "AUDIT_LOG_EVENT") {
    sectionNeeds("Kubernetes Resource");
    sectionNeeds("Kubernetes API Verb");
  } else {
    needs("Kubernetes User Name", "Kubernetes Resource");
    needs("Kubernetes User Groups", "Kubernetes Resource");
  }
  if (eventSource === "NODE_EVENT") sectionNeeds("File Path");
  else needs("File Operation", "File Path");
}

/** Events of which kinds the policy is about: one kind only, where process and file count as one. */
function validateKinds(uses: readonly (readonly Use[])[], subject: RuleSubject, problems: ProblemList): void {
  const { eventSource, stages } = subject;
  if (eventSource === undefined || stages === undefined) return;
  const families = uses.map((section) => section.map(({ criterion }) => familyOf(criterion, eventSource)));
  const all = new Set(families.flat());
  if (stages.has("RUNTIME") && eventSource !== "NOT_APPLICABLE" && all.size > 0 && [...all].every(isDeploy)) {
    const message =
      "a RUNTIME policy needs a criterion about what happens: process, file, network flow or Kubernetes event";
    combination(problems, "spec.policySections", message);
  }
  const kinds = new Set([...all].filter((family) => !isDeploy(family)).map(kindOf));
  if (kinds.size > 1) {
    const message = `a policy is about one kind of event; this one mixes ${[...kinds].toSorted().join(", ")}`;
    combination(problems, "spec.policySections", message);
  }
  if (!all.has("process") || !all.has("fileAccess") || eventSource === "NODE_EVENT") return;
  for (const [index, section] of families.entries()) {
    const use = uses[index]?.find(({ criterion }) => criterion.family === "process");
    if (use === undefined || section.includes("fileAccess")) continue;
    combination(
      problems,
      use.path,
      "process criteria need a file criterion in the same section, as the other sections have",
    );
  }
}

function isDeploy(family: CriterionFamily): boolean {
  return family === "deploy";
}

function kindOf(family: CriterionFamily): CriterionFamily {
  return family === "fileAccess" ? "process" : family;
}

function validateCapabilities(uses: readonly Use[], problems: ProblemList): void {
  const added = new Set<string>();
  for (const { criterion, values } of uses) {
    if (criterion.name === "Add Capabilities") for (const value of values) added.add(value);
  }
  for (const { criterion, path, values } of uses) {
    if (criterion.name !== "Drop Capabilities") continue;
    for (const value of values) {
      if (!added.delete(value)) continue;
      combination(problems, path, `${value} stands in Add Capabilities, too`, value);
    }
  }
}

function combination(problems: ProblemList, path: string, message: string, value?: string): void {
  problems.error("KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION", path, message, { value });
}
