import type { ActivityEvent, ContainerIdentity } from "@kinglet/enrichment";
import { profileDependency, type RuleDefinition } from "@kinglet/policy-engine";

import { alertArguments } from "./alert-arguments.ts";
import { createAlertId } from "./alert-id.ts";
import { maxAlertText, showText } from "./alert-text.ts";
import type { Alert, AlertAllowance, AlertDraft, AlertKey, AlertProfile, AlertProfileMetadata } from "./alert.ts";
import { findAllowance } from "./allowed-by.ts";
import type { DetectorOptions, ProfileView } from "./detector.ts";

/** What an alert is made of. @internal */
export interface AlertSource {
  readonly rule: RuleDefinition;
  /** The rule's, or what its binding says instead. @defaultValue the rule's */
  readonly severity?: number;
  readonly message: string;
  /** What the rule's `uniqueId` expression yields. @defaultValue one for each event */
  readonly uniqueKey?: string;
  readonly event: ActivityEvent;
  readonly container: ContainerIdentity;
  readonly profile: ProfileView | undefined;
  /** Whether the rule would have been silent with an entry more in the profile. @defaultValue any entry about the event counts */
  readonly silences?: (allowance: AlertAllowance) => boolean;
  readonly origin: Pick<DetectorOptions, "clusterName" | "nodeName" | "workloadOf">;
}

/** @internal */
export function createAlert(source: AlertSource): Alert {
  return draftAlert(source).build();
}

/**
 * What decides whether an alert leaves; its texts are worked out with `build`, so that a flood that is held back costs little. Arguments and message
 * are redacted and cut there, so that no sink ever holds a password or a megabyte.
 *
 * @internal
 */
export function draftAlert(source: AlertSource): AlertDraft {
  const { rule, severity = rule.severity, event, container, origin, uniqueKey } = source;
  const key: AlertKey = {
    uniqueId: createAlertId(rule.id, container.containerId, eventId(event)),
    ...(uniqueKey === undefined ? {} : { repetitionId: createAlertId(rule.id, container.containerId, uniqueKey) }),
    ruleId: rule.id,
    severity,
    containerId: container.containerId,
    namespace: container.namespace,
    clusterName: origin.clusterName,
    nodeName: container.nodeName || event.nodeName || origin.nodeName,
    profile: source.profile && alertProfile(rule, source.profile),
  };
  return { ...key, build: () => fillAlert(key, source) };
}

function fillAlert(key: AlertKey, source: AlertSource): Alert {
  const { rule, message, event, container, origin } = source;
  const workload = origin.workloadOf?.(container);
  const allowedBy = findAllowance(rule, event, source.silences);
  const isExec = event.kind === "exec";
  const told = alertArguments(event);
  return {
    ...key,
    ruleName: rule.name,
    ruleDescription: rule.description,
    mitreTactic: rule.mitreTactic,
    mitreTechnique: rule.mitreTechnique,
    isTriggerAlert: rule.isTriggerAlert,
    message: showText(message, maxAlertText.message),
    time: event.time,
    eventKind: event.kind,
    arguments: { ...told, ...checksumOf(source.profile) },
    podName: container.podName,
    podUid: container.podUid,
    ...(container.podLabels === undefined ? {} : { podLabels: container.podLabels }),
    containerName: container.containerName,
    image: container.image,
    ...(container.imageId === "" ? {} : { imageDigest: container.imageId }),
    workloadKind: workload?.kind ?? container.ownerKind,
    workloadName: workload?.name ?? container.ownerName,
    process: {
      pid: event.pid,
      uid: event.uid,
      binary: event.binary,
      // Redacted there already; command lines may be long.
      args: isExec ? String(told["args"]) : "",
      cwd: isExec ? event.cwd : "",
      execId: event.execId,
      parentBinary: event.parentBinary,
      parentPid: event.parentPid,
    },
    ...(rule.profileDependency === profileDependency.notRequired
      ? {}
      : { profileMetadata: profileMetadata(rule, rule.profileDependency, key.profile) }),
    ...(allowedBy === undefined ? {} : { allowedBy }),
  };
}

/**
 * What makes an event the same after a restart. Of an execution there is one with its id; of everything else a process may do many, which
 * their time tells apart.
 */
function eventId(event: ActivityEvent): string {
  // A filter of the source may take the id away: without a stand-in all executions of the container would count as one.
  if (event.kind === "exec") return event.execId || `${event.time}/${event.pid}`;
  return `${event.kind}/${event.execId || event.pid}/${event.time}/${JSON.stringify(alertArguments(event))}`;
}

/** Which version of the profile the alert is judged by, under the name that receivers of the original know. */
function checksumOf(profile: ProfileView | undefined): { readonly apChecksum?: string } {
  return profile === undefined || profile.checksum === "" ? {} : { apChecksum: profile.checksum };
}

function alertProfile(rule: RuleDefinition, { name, status, completion }: ProfileView): AlertProfile {
  const failOnProfile = isProfileRule(rule) && status === "completed";
  return { name, status, completion, failOnProfile };
}

/** True when what the rule says depends on a profile, of one type or the other. */
function isProfileRule({ profileDependency: dependency, tags }: RuleDefinition): boolean {
  if (dependency === profileDependency.notRequired) return false;
  return tags.includes("applicationprofile") || tags.includes("networkprofile");
}

function profileMetadata(
  { tags }: RuleDefinition,
  dependency: 0 | 1,
  profile: AlertProfile | undefined,
): AlertProfileMetadata {
  const isNetwork = tags.includes("networkprofile");
  const isTagged = isNetwork || tags.includes("applicationprofile");
  const found = profile ?? { name: "", status: "", completion: "", failOnProfile: false };
  return {
    ...found,
    type: isNetwork ? 1 : 0,
    profileDependency: dependency,
    errorMessage: isTagged
      ? profile === undefined
        ? "the container has no profile"
        : ""
      : "the rule has neither the tag applicationprofile nor networkprofile",
  };
}
