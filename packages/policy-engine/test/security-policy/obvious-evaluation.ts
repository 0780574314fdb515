import type { EvaluationSubject, PolicyGroup, PolicySection, SecurityPolicy } from "../../src/security-policy/index.ts";
import type { RuntimeSubject, Workload, WorkloadContainer } from "../../src/security-policy/index.ts";
import type { ImageComponent, MountedVolume, Vulnerability } from "../../src/security-policy/index.ts";

/** One way to choose an element of each kind; undefined where there is none to choose. */
interface Choice {
  readonly container: WorkloadContainer | undefined;
  readonly volume: MountedVolume | undefined;
  readonly component: ImageComponent | undefined;
  readonly vulnerability: Vulnerability | undefined;
  readonly port: Workload["ports"][number] | undefined;
}

/**
 * Whether a policy is violated, the slow and obvious way: some choice of one container, one volume of it, one component of its
 * image, one vulnerability of that and one port makes every group of some section true. Only for a few criteria, and for subjects
 * of which everything is known.
 */
export function isObviouslyViolated(policy: SecurityPolicy, subject: EvaluationSubject | RuntimeSubject): boolean {
  return policy.sections.some((section) => choicesOf(subject).some((choice) => holds(section, choice, subject)));
}

function choicesOf(subject: EvaluationSubject | RuntimeSubject): readonly Choice[] {
  const workload = subject.workload as Workload;
  return orNone(workload.ports).flatMap((port) =>
    orNone(workload.containers).flatMap((container) =>
      orNone(container?.volumes ?? []).flatMap((volume) =>
        orNone((container && subject.image?.(container.image)?.scan?.components) ?? []).flatMap((component) =>
          orNone(component?.vulnerabilities ?? []).map((vulnerability) => {
            return { container, volume, component, vulnerability, port };
          }),
        ),
      ),
    ),
  );
}

/** Every element, and the choice of none: criteria that look at it are false then. */
function orNone<Element>(elements: readonly Element[]): readonly (Element | undefined)[] {
  return [...elements, undefined];
}

function holds(section: PolicySection, choice: Choice, subject: EvaluationSubject | RuntimeSubject): boolean {
  return section.groups.every((group) => {
    const fact = factOf(group, choice, subject);
    if (fact === undefined) return false;
    const facts = Array.isArray(fact) ? (fact as readonly string[]) : [String(fact)];
    const matches = (value: string): boolean => facts.some((text) => isMatch(group, value, text));
    const isTrue = group.booleanOperator === "OR" ? group.values.some(matches) : group.values.every(matches);
    return isTrue !== group.negate;
  });
}

/** A text, a list of texts that is one fact, or undefined where there is nothing to look at. */
function factOf(
  group: PolicyGroup,
  choice: Choice,
  subject: EvaluationSubject | RuntimeSubject,
): string | number | boolean | readonly string[] | undefined {
  const { container, volume, vulnerability, port } = choice;
  switch (group.fieldName) {
    case "Host Network":
      return subject.workload?.hostNetwork;
    case "Namespace":
      return subject.workload?.namespace;
    case "Privileged Container":
      return container?.privileged;
    case "Container Name":
      return container?.name;
    case "Seccomp Profile Type":
      return container?.seccompProfile;
    case "Volume Name":
      return volume?.name;
    case "Volume Type":
      return volume?.type;
    case "Exposed Port":
      return port?.port;
    case "Exposed Port Protocol":
      return port?.protocol;
    case "CVE":
      return vulnerability?.isSuppressed === true ? undefined : vulnerability?.id;
    case "Fixed By":
      return vulnerability?.isSuppressed === true ? undefined : vulnerability?.fixedBy;
    case "Kubernetes User Groups":
      return "event" in subject && subject.event.kind === "kubeEvent" ? subject.event.groups : undefined;
    case "Kubernetes Resource":
      return "event" in subject && subject.event.kind === "kubeEvent" ? subject.event.resource : undefined;
    default:
      throw new Error(`no obvious fact for ${group.fieldName}`);
  }
}

const exactCriteria = new Set(["Exposed Port Protocol", "Kubernetes User Groups", "Seccomp Profile Type"]);

function isMatch(group: PolicyGroup, value: string, text: string): boolean {
  if (exactCriteria.has(group.fieldName)) return value.toLowerCase() === text.toLowerCase();
  // Small patterns of a test: they mean the same to the runtime's own engine.
  return new RegExp(`^(?:${value})$`, "i").test(text);
}
