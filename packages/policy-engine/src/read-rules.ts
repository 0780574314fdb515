import type { ProfileDependency, RuleDefinition, RuleEventType } from "./rule-definition.ts";
import type { RuleProblem } from "./rule-problem.ts";

/** What became of a Rules resource. @public */
export interface RulesReading {
  /** The rules that have the right shape, in order; their expressions are not checked yet. */
  readonly rules: readonly RuleDefinition[];
  /** Everything that is wrong with the shape of the others, with the path from the top of the resource, at most 100. */
  readonly problems: readonly RuleProblem[];
}

/** Most rules that are read of one resource. */
const maxRules = 1000;
const maxProblems = 100;
/** Longest text of a rule, characters; expressions have a limit of their own. */
const maxTextLength = 65_536;

/**
 * The path of an execution as older rules ask for it: out of the arguments, which the process chooses and which a source may not be able to tell.
 * The agent that these rules were written for puts the path that the kernel saw in front, and so does this reader.
 */
const execPathOfArguments = /parse\.get_exec_path\(\s*event\.args\s*,\s*event\.comm\s*(?:,\s*event\.exepath\s*)?\)/g;
const execPath = "(event.exepath != '' ? event.exepath : parse.get_exec_path(event.args, event.comm))";

/** Every event type, so that one nobody knows is found before a rule waits for it in vain. */
const eventTypes: Readonly<Record<RuleEventType, true>> = {
  all: true,
  bpf: true,
  capabilities: true,
  dns: true,
  exec: true,
  exit: true,
  fork: true,
  hardlink: true,
  http: true,
  iouring: true,
  "k8s-admission": true,
  kmod: true,
  network: true,
  open: true,
  procfs: true,
  ptrace: true,
  randomx: true,
  ssh: true,
  symlink: true,
  syscall: true,
  unshare: true,
};

/**
 * Reads a Rules resource (kubescape.io/v1) from JSON of any origin: which rules can be checked further, and what is wrong with the others.
 *
 * Optional members may be absent, as existing resources leave them out. `parse.get_exec_path(event.args, event.comm)` of older rules is read as the path
 * that the kernel saw, and those arguments where there is none. Members that are not known are ignored, because the definition of an existing
 * installation keeps such. Never throws for what `JSON.parse` can make.
 *
 * @public
 */
export function readRules(resource: unknown): RulesReading {
  const reader = new RulesReader();
  const list = member(member(resource, "spec"), "rules");
  if (!Array.isArray(list)) {
    reader.add("spec.rules", "must be a list of rules");
    return { rules: [], problems: reader.problems };
  }
  if (list.length > maxRules) reader.add("spec.rules", `must have at most ${maxRules} entries, got ${list.length}`);
  const rules = list.slice(0, maxRules).flatMap((rule: unknown, at) => reader.read(rule, `spec.rules[${at}]`) ?? []);
  return { rules, problems: reader.problems };
}

class RulesReader {
  readonly problems: RuleProblem[] = [];

  add(path: string, message: string): void {
    if (this.problems.length >= maxProblems) return;
    this.problems.push({ code: "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE", path, message });
  }

  read(rule: unknown, path: string): RuleDefinition | undefined {
    const before = this.problems.length;
    const expressions = member(rule, "expressions");
    const state = this.#object(rule, path, "state");
    const required = this.#object(rule, path, "profileDataRequired");
    const version = this.#text(rule, path, "agentVersionRequirement");
    const definition: RuleDefinition = {
      enabled: this.#flag(rule, path, "enabled"),
      id: this.#text(rule, path, "id", true),
      name: this.#text(rule, path, "name", true),
      description: this.#text(rule, path, "description"),
      expressions: {
        message: this.#text(expressions, `${path}.expressions`, "message", true),
        uniqueId: this.#text(expressions, `${path}.expressions`, "uniqueId", true),
        ruleExpression: this.#conditions(expressions, `${path}.expressions`),
      },
      // Other numbers are found where the rule as a whole is validated.
      profileDependency: this.#number(rule, path, "profileDependency", 0) as ProfileDependency,
      severity: this.#number(rule, path, "severity", 1),
      supportPolicy: this.#flag(rule, path, "supportPolicy"),
      isTriggerAlert: this.#flag(rule, path, "isTriggerAlert"),
      mitreTactic: this.#text(rule, path, "mitreTactic"),
      mitreTechnique: this.#text(rule, path, "mitreTechnique"),
      tags: this.#texts(rule, path, "tags"),
      ...(required === undefined ? {} : { profileDataRequired: required }),
      ...(state === undefined ? {} : { state }),
      ...(version === "" ? {} : { agentVersionRequirement: version }),
    };
    return this.problems.length === before ? definition : undefined;
  }

  #conditions(expressions: unknown, path: string): RuleDefinition["expressions"]["ruleExpression"] {
    const list = member(expressions, "ruleExpression");
    if (!Array.isArray(list)) {
      this.add(`${path}.ruleExpression`, "must be a list");
      return [];
    }
    return list.slice(0, maxProblems).map((condition: unknown, at) => {
      const place = `${path}.ruleExpression[${at}]`;
      const eventType = this.#text(condition, place, "eventType", true);
      if (eventType !== "" && !Object.hasOwn(eventTypes, eventType)) {
        this.add(`${place}.eventType`, `must be one of ${Object.keys(eventTypes).join(", ")}, got ${quote(eventType)}`);
      }
      const expression = this.#text(condition, place, "expression", true).replace(execPathOfArguments, execPath);
      return { eventType: eventType as RuleEventType, expression };
    });
  }

  #text(from: unknown, path: string, key: string, isRequired = false): string {
    const value = member(from, key);
    if (value === undefined || value === null) {
      if (isRequired) this.add(`${path}.${key}`, "must be given");
      return "";
    }
    if (typeof value !== "string") this.add(`${path}.${key}`, "must be a text");
    else if (value.length > maxTextLength) this.add(`${path}.${key}`, `must have at most ${maxTextLength} characters`);
    else return value;
    return "";
  }

  #texts(from: unknown, path: string, key: string): readonly string[] {
    const value = member(from, key) ?? [];
    if (Array.isArray(value) && value.length <= maxRules && value.every((one) => typeof one === "string")) return value;
    this.add(`${path}.${key}`, "must be a list of texts");
    return [];
  }

  #flag(from: unknown, path: string, key: string): boolean {
    const value = member(from, key) ?? false;
    if (typeof value !== "boolean") this.add(`${path}.${key}`, "must be true or false");
    return value === true;
  }

  #number(from: unknown, path: string, key: string, absent: number): number {
    const value = member(from, key) ?? absent;
    if (typeof value === "number") return value;
    this.add(`${path}.${key}`, "must be a number");
    return absent;
  }

  #object(from: unknown, path: string, key: string): Readonly<Record<string, unknown>> | undefined {
    const value = member(from, key);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "object" && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
    this.add(`${path}.${key}`, "must be an object");
    return undefined;
  }
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 60));
}

/** Own members only: `constructor` must not pass for something that the document says. */
function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
