import type { ActivityEventKind } from "@kinglet/enrichment";
import {
  compilePrefilter,
  type EventField,
  type Prefilter,
  type ProfileData,
  type ProfileSurface,
  type RuleDefinition,
  type RuleProgram,
} from "@kinglet/policy-engine";

import type { RuleNote } from "./detector.ts";
import { ruleEventFields, type ActivityView } from "./rule-event.ts";
import type { BoundRule, RuleSelection } from "./rule-selection.ts";

/** A valid rule and what it did. @internal */
export interface RunningRule {
  readonly rule: RuleDefinition;
  readonly program: RuleProgram;
  readonly labels: { readonly rule: string };
  /** What has to be kept of profiles for it. */
  readonly profileData: ProfileData;
  readonly note: RuleNote;
  evaluations: number;
  matches: number;
  failures: number;
}

type FieldReader = (view: ActivityView) => unknown;

/**
 * Fields that an event of their kind may lack; the others always have a value. With a reader for each, because looking a property up by a name in a
 * variable costs 20 ns (Node 26).
 */
const uncertainFields: { readonly [Field in EventField]?: FieldReader } = {
  args: (view) => view.args,
  upperlayer: (view) => view.upperlayer,
  pupperlayer: (view) => view.pupperlayer,
  hasTty: (view) => view.hasTty,
  tty: (view) => view.tty,
  ttyMajor: (view) => view.ttyMajor,
  ttyMinor: (view) => view.ttyMinor,
  pid: (view) => view.pid,
  ppid: (view) => view.ppid,
  uid: (view) => view.uid,
  flagsRaw: (view) => view.flagsRaw,
  dstPort: (view) => view.dstPort,
  srcPort: (view) => view.srcPort,
  cmd: (view) => view.cmd,
  attrSize: (view) => view.attrSize,
  opcode: (view) => view.opcode,
};

const noCandidates: readonly Candidate[] = [];

/** A rule as it holds for some pods, for one kind of event. @internal */
export class Candidate {
  /** The rule, with the severity of the binding. */
  readonly rule: RuleDefinition;
  readonly running: RunningRule;
  readonly #kind: ActivityEventKind;
  /** One of them has to let the event through; empty: all events are looked at. */
  readonly #prefilters: readonly Prefilter[];
  /** Undefined until the first event: finding out compiles the expressions. */
  #needs: CandidateNeeds | undefined;

  constructor(running: RunningRule, kind: ActivityEventKind, bound: BoundRule | undefined) {
    const { rule } = running;
    this.running = running;
    this.rule = bound?.severity === undefined ? rule : { ...rule, severity: bound.severity };
    this.#kind = kind;
    const sets = bound === undefined || bound.parameters.length === 0 ? [{}] : bound.parameters;
    const filters = sets.map((parameters) => compilePrefilter(rule.state, parameters));
    // One set without a filter lets everything through.
    this.#prefilters = filters.includes(undefined) ? [] : (filters as readonly Prefilter[]);
  }

  /**
   * True when the event does not tell what the rule has to know to be true of it. From then on the view tells arguments as the rule's conditions can
   * take them.
   */
  lacksField(view: ActivityView): boolean {
    const { conditions, onlyPassesArguments } = (this.#needs ??= this.#findNeeds());
    view.tellsText = onlyPassesArguments;
    for (let index = 0; index < conditions.length; index++) if (!hasOneOf(view, conditions[index]!)) return true;
    return false;
  }

  /** True when the rule may have failed because the event does not tell something. */
  mayLackField(view: ActivityView): boolean {
    const { reads } = (this.#needs ??= this.#findNeeds());
    return reads.some((read) => read(view) === undefined);
  }

  /** True when the answer depends on this part of the profile. */
  asksFor(surface: ProfileSurface): boolean {
    return this.running.profileData[surface] !== undefined;
  }

  isFilteredOut(view: ActivityView): boolean {
    const filters = this.#prefilters;
    if (filters.length === 0) return false;
    for (let index = 0; index < filters.length; index++) {
      if (!filters[index]!.skips(view, this.#kind === "network")) return false;
    }
    return true;
  }

  #findNeeds(): CandidateNeeds {
    try {
      const uncertain = (fields: readonly EventField[]): readonly FieldReader[] =>
        fields.flatMap((field) => uncertainFields[field] ?? []);
      const { program } = this.running;
      const conditions = program.requiredFields(this.#kind).map((sets) => sets.map(uncertain));
      return {
        // A set without an uncertain field is always there.
        conditions: conditions.filter((sets) => sets.every((fields) => fields.length > 0)),
        reads: uncertain(program.readFields(this.#kind)),
        onlyPassesArguments: program.onlyPassesArguments(this.#kind),
      };
    } catch {
      // The evaluation that follows fails in the same way, and says so.
      return { conditions: [], reads: [], onlyPassesArguments: false };
    }
  }
}

/** Fields that events of the kind may lack. */
interface CandidateNeeds {
  /** For each condition sets of fields, of one of which it needs every one. */
  readonly conditions: readonly (readonly (readonly FieldReader[])[])[];
  readonly reads: readonly FieldReader[];
  readonly onlyPassesArguments: boolean;
}

function hasOneOf(view: ActivityView, sets: readonly (readonly FieldReader[])[]): boolean {
  for (let index = 0; index < sets.length; index++) if (hasEvery(view, sets[index]!)) return true;
  return false;
}

function hasEvery(view: ActivityView, fields: readonly FieldReader[]): boolean {
  for (let index = 0; index < fields.length; index++) if (fields[index]!(view) === undefined) return false;
  return true;
}

/**
 * The rules that run, sorted by kind of event and by who they hold for.
 *
 * @internal
 */
export class RuleTable {
  readonly rules: readonly RunningRule[];
  readonly #every: Map<ActivityEventKind, readonly Candidate[]> = new Map();
  /** Goes with the selection. */
  readonly #selected: WeakMap<RuleSelection, Map<ActivityEventKind, readonly Candidate[]>> = new WeakMap();

  constructor(rules: readonly RunningRule[]) {
    this.rules = rules;
  }

  /** Every rule over events of this kind. */
  every(kind: ActivityEventKind): readonly Candidate[] {
    return this.#every.get(kind) ?? this.#sort(kind, undefined, this.#every);
  }

  /** Those of them that a selection names. */
  selected(selection: RuleSelection, kind: ActivityEventKind): readonly Candidate[] {
    let byKind = this.#selected.get(selection);
    if (byKind === undefined) {
      byKind = new Map();
      this.#selected.set(selection, byKind);
    }
    return byKind.get(kind) ?? this.#sort(kind, selection, byKind);
  }

  #sort(
    kind: ActivityEventKind,
    selection: RuleSelection | undefined,
    into: Map<ActivityEventKind, readonly Candidate[]>,
  ): readonly Candidate[] {
    const bound = selection && new Map(selection.rules.map((one) => [one.ruleId, one]));
    const candidates = this.rules
      .filter(({ rule, program }) => program.appliesTo(kind) && (bound === undefined || bound.has(rule.id)))
      .map((running) => new Candidate(running, kind, bound?.get(running.rule.id)));
    into.set(kind, candidates.length === 0 || !Object.hasOwn(ruleEventFields, kind) ? noCandidates : candidates);
    return into.get(kind) ?? noCandidates;
  }
}
