import type { ActivityEvent, ActivityEventKind, ContainerIdentity } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { RuleDefinition, RuleProblem } from "@kinglet/policy-engine";
import type { RulePolicy } from "@kinglet/profile";

import type { Alert, AlertDraft } from "./alert.ts";
import type { DetectionHost } from "./detection-host.ts";
import type { RuntimeContext } from "./rule-context.ts";
import type { RuleSelection } from "./rule-selection.ts";

/** Which way a connection goes. @public */
export type TrafficDirection = "ingress" | "egress";

/** A pod or service of the cluster, held against the neighbours of a profile. @public */
export interface NetworkPeer {
  readonly namespace: string;
  /** The pod's labels, or the service's selector. */
  readonly labels: Readonly<Record<string, string>>;
  /** Namespace of the container that the profile is about. */
  readonly ownNamespace: string;
}

/**
 * Port: whose address it is. Synchronous: whoever does not know yet may take note of the question, find out, and have the event judged again.
 *
 * @public
 */
export interface PeerLookup {
  /**
   * @param address - IPv4 or IPv6, as the event has it.
   * @returns undefined when the address belongs to no known pod or service.
   */
  peerOf(address: string): Omit<NetworkPeer, "ownNamespace"> | undefined;
}

/**
 * What a profile allows, as rules ask it; `ProfileContent` of `@kinglet/profile-cache` is one.
 *
 * Synchronous; a question about what the profile lists literally allocates nothing.
 *
 * @public
 */
export interface ProfileAnswers {
  wasExecuted(path: string): boolean;
  wasExecutedWith(path: string, args: readonly string[]): boolean;
  /**
   * True when an execution of the path is recorded that allows any arguments, or of whose arguments, wildcards included, `accepts` is true. Asked
   * where nobody can tell the arguments of an execution apart.
   */
  someExecution(path: string, accepts: (args: readonly string[]) => boolean): boolean;
  wasOpened(path: string): boolean;
  /** True when one recorded opening has every one of the flags. */
  wasOpenedWith(path: string, flags: readonly string[]): boolean;
  hasOpenWithPrefix(prefix: string): boolean;
  hasOpenWithSuffix(suffix: string): boolean;
  usesSyscall(name: string): boolean;
  usesCapability(name: string): boolean;
  wasEndpointAccessed(endpoint: string): boolean;
  wasEndpointAccessedWith(endpoint: string, method: string): boolean;
  hasEndpointWithPrefix(prefix: string): boolean;
  hasEndpointWithSuffix(suffix: string): boolean;
  /** True when `matches` is true of some endpoint as recorded. */
  someEndpoint(matches: (endpoint: string) => boolean): boolean;
  hasAddress(direction: TrafficDirection, address: string): boolean;
  /** @param port - 0 … 65,535 */
  hasAddressPort(direction: TrafficDirection, address: string, port: number, protocol: string): boolean;
  /** True when some neighbour is told by labels instead of addresses: only then {@link PeerLookup} is asked. */
  hasPeers(direction: TrafficDirection): boolean;
  /** True when the labels of some neighbour select this pod or service. */
  hasPeer(direction: TrafficDirection, peer: NetworkPeer): boolean;
  /** @param port - 0 … 65,535 */
  hasPeerPort(direction: TrafficDirection, peer: NetworkPeer, port: number, protocol: string): boolean;
  hasDomain(direction: TrafficDirection, domain: string): boolean;
  /** What the profile allows the rule beyond its content. */
  policyOf(ruleId: string): RulePolicy | undefined;
}

/**
 * The profile of one container, as detection needs it.
 *
 * @public
 */
export interface ProfileView {
  readonly name: string;
  readonly namespace: string;
  readonly status: string;
  readonly completion: string;
  readonly checksum: string;
  /**
   * Parts that nobody looked at while the profile was learned, as `profileDataRequired` names them: that nothing stands there says nothing.
   *
   * @defaultValue none
   */
  readonly unobserved?: readonly string[];
  readonly content: ProfileAnswers;
}

/** Port: finds the profile of a container; synchronous, called once per event. @public */
export interface ProfileLookup {
  get(containerId: string): ProfileView | undefined;
}

/** Rules, or how to get them when they are needed. @public */
export type RuleSource = readonly RuleDefinition[] | (() => Promise<readonly RuleDefinition[]>);

/** Port: containers whose profile is being learned. @public */
export interface LearningHooks {
  /** Asked once per event that a rule with `supportPolicy` looks at. */
  isLearning(containerId: string): boolean;
  /** A rule with `supportPolicy` fired while the container was learned: the profile is to allow it for this process. */
  recordRulePolicy(container: ContainerIdentity, ruleId: string, processName: string): void;
}

/** @public */
export interface DetectorOptions {
  /** A function is called at the first {@link Detector.prepare}, so that rules cost nothing before. */
  readonly rules: RuleSource;
  readonly profiles: ProfileLookup;
  /** Absent: rules that ask the cluster or the node are invalid, and no execution is exempt. */
  readonly host?: DetectionHost;
  /**
   * Asked when a rule asks for an address that the profile does not list, and the profile tells neighbours by labels.
   *
   * @defaultValue neighbours that are told by labels match no address
   */
  readonly peers?: PeerLookup;
  /**
   * Which rules hold for a container; asked once per event, so an answer should be at hand. Undefined: none.
   *
   * @defaultValue every rule holds for every container
   */
  readonly rulesFor?: (container: ContainerIdentity) => RuleSelection | undefined;
  /**
   * The rule that runs in the place of an invalid one of its id, e.g. the built-in one that a resource replaces.
   *
   * @defaultValue none
   */
  readonly fallbackFor?: (ruleId: string) => RuleDefinition | undefined;
  readonly learning?: LearningHooks;
  /**
   * Called when the rules that run ask profiles for something else than before, the first time while they are prepared: with those rules, each
   * with everything that its expressions ask under `profileDataRequired`. What is kept of profiles has to hold all of it before the next
   * event, else the answer "no" may be a wrong one.
   *
   * @defaultValue nobody wants to know; profiles are expected to be whole
   */
  readonly onProfileData?: (rules: readonly RuleDefinition[]) => void;
  /** Rules for other contexts do not run. @defaultValue "kubernetes" */
  readonly context?: RuntimeContext;
  /** Answers of profiles that are kept. @defaultValue 1000 */
  readonly maxCachedResults?: number;
  /** @defaultValue the clock of the system */
  readonly clock?: Pick<Clock, "monotonicMs">;
  readonly clusterName: string;
  readonly nodeName: string;
  /**
   * What a container belongs to, as people name it, for alerts.
   *
   * @defaultValue the owner of its pod
   */
  readonly workloadOf?: (container: ContainerIdentity) => { readonly kind: string; readonly name: string };
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A rule that will not run, and why. @public */
export interface InvalidRule {
  readonly ruleId: string;
  readonly problems: readonly RuleProblem[];
}

/** What there is to say of a rule that runs. @public */
export interface RuleNote {
  readonly ruleId: string;
  /** Its conditions that do not run, because no source feeds the kind of event, a field or a function. */
  readonly unfed: readonly RuleProblem[];
  /** What its expressions ask of profiles and its `profileDataRequired` leaves out; it is kept as well. */
  readonly undeclared: readonly RuleProblem[];
}

/**
 * Holds events against rules.
 *
 * Order for an event: replays and stages of the container runtime never alert; then, per rule that holds for the container, in the order given:
 * a rule that requires a profile is skipped without one, while the profile is still being learned (`initializing`, `ready`), and
 * when it is not usable: final are `completed` and `too-large`, with `partial` completion too, the same that the profile cache shows as
 * `active`, and on an event of a part of the profile that it asks about and that nobody looked at; a rule that asks for something that this event does not tell is skipped (arguments that nobody can tell apart are
 * told as one text where a rule only hands them to `cp.was_executed_with_args`); then the prefilter; a rule that the profile allows
 * (`rulePolicies`) is skipped; the rest is evaluated. Every skip is counted by its reason.
 *
 * While a container is learned, rules with `supportPolicy` are evaluated whatever they require, and what fires is reported to
 * {@link LearningHooks}; it alerts only where it would have without that.
 *
 * A rule that fails on an event does not alert, is counted and logged, and does not keep the other rules from running.
 *
 * @public
 */
export interface Detector {
  /**
   * Loads the CEL engine and the rules, validates every enabled rule and names the invalid ones in log, metric and
   * {@link Detector.invalidRules}; they do not run, the others do. Of a rule with conditions that nothing feeds the other conditions run, see
   * {@link Detector.notes}. Expressions are compiled at their first event.
   *
   * Call it when the first container appears that is to be judged, and await it before delivering that container's events. Idempotent;
   * concurrent calls share one run; a failure to load is not remembered.
   */
  prepare(): Promise<void>;
  readonly isPrepared: boolean;
  /** Empty until prepared. */
  readonly invalidRules: readonly InvalidRule[];
  /** Rules that run otherwise than they stand; empty until prepared. */
  readonly notes: readonly RuleNote[];
  /** Kinds of event that reached the rules so far. */
  readonly seenKinds: ReadonlySet<ActivityEventKind>;
  /**
   * Replaces the rules; from the next event on the new ones hold. A rule that is the same object as before keeps what was compiled of it.
   *
   * @throws KINGLET_ERR_DETECTION_DUPLICATE_RULE
   */
  setRules(rules: readonly RuleDefinition[]): void;
  /** The rules that run, by id, with what they did so far; empty until prepared. */
  readonly activity: readonly RuleActivity[];
  /**
   * The alerts that one event causes, in rule order; a shared empty array when there are none. Synchronous.
   *
   * Cost without an alert: no allocation beyond names of processes that an expression reads.
   *
   * @param container - the container that the event belongs to.
   * @throws KINGLET_ERR_DETECTION_NOT_PREPARED before {@link Detector.prepare} is done.
   */
  detect(event: ActivityEvent, container: ContainerIdentity): readonly Alert[];
  /**
   * As {@link Detector.detect}, for whoever holds alerts back: their texts are redacted, cut and built for those that leave only.
   *
   * @throws KINGLET_ERR_DETECTION_NOT_PREPARED
   */
  find(event: ActivityEvent, container: ContainerIdentity): readonly AlertDraft[];
}

/** What a rule did since the rules were prepared. @public */
export interface RuleActivity {
  readonly ruleId: string;
  readonly evaluations: number;
  readonly matches: number;
  readonly failures: number;
}
