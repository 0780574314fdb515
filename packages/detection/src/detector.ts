import type { ContainerIdentity, ExecEvent } from "@kinglet/enrichment";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { RuleDefinition, RuleProblem } from "@kinglet/policy-engine";
import type { RulePolicy } from "@kinglet/profile";

import type { Alert } from "./alert.ts";

/** Which way a connection goes. @public */
export type TrafficDirection = "ingress" | "egress";

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
  readonly content: ProfileAnswers;
}

/** Port: finds the profile of a container; synchronous, called once per event. @public */
export interface ProfileLookup {
  get(containerId: string): ProfileView | undefined;
}

/** @public */
export interface DetectorOptions {
  readonly rules: readonly RuleDefinition[];
  readonly profiles: ProfileLookup;
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

/**
 * Holds events against rules.
 *
 * Order for an execution: replays and stages of the container runtime never alert; then, per enabled rule in the order given: a
 * rule that requires a profile is skipped without one, while the profile is still being learned (`initializing`, `ready`), and
 * when it is not usable: final are `completed` and `too-large`, with `partial` completion too, the same that the profile cache shows as
 * `active`; a rule that the profile allows (`rulePolicies`) is skipped; the rest is evaluated. Every skip is counted by its reason.
 *
 * A rule that fails on an event does not alert, is counted and logged, and does not keep the other rules from running.
 *
 * @public
 */
export interface Detector {
  /**
   * Loads the CEL engine, validates every enabled rule and names the invalid ones in log, metric and
   * {@link Detector.invalidRules}; they do not run, the others do. Expressions are compiled at their first event.
   *
   * Call it when the first container with a profile appears and await it before delivering that container's events. Idempotent;
   * concurrent calls share one run; a failure to load is not remembered.
   */
  prepare(): Promise<void>;
  readonly isPrepared: boolean;
  /** Empty until prepared. */
  readonly invalidRules: readonly InvalidRule[];
  /**
   * The alerts that one execution causes, in rule order; a shared empty array when there are none. Synchronous.
   *
   * @param container - the container that the event belongs to.
   * @throws KINGLET_ERR_DETECTION_NOT_PREPARED when a rule would have to be evaluated before {@link Detector.prepare} is done.
   */
  detect(event: ExecEvent, container: ContainerIdentity): readonly Alert[];
}
