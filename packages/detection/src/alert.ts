import type { ActivityEventKind, FindingSource } from "@kinglet/enrichment";

/**
 * One alert: something happened in a container that its rules do not permit. Plain data, ready for any sink; strings come from
 * the container and may hold anything, so a sink escapes them for its medium. Long ones are cut and end with their original length: a command
 * line shows 4,096 characters, a message 1,024.
 *
 * What is optional is absent where nobody knows it: an alert about alerts has no event, a finding of another program no profile.
 *
 * @public
 */
export interface Alert {
  /**
   * 32 hexadecimal digits made from rule id, container id and what happened: the same event gives the same id after a restart, so a
   * receiver can drop a repetition.
   */
  readonly uniqueId: string;
  /** 32 hexadecimal digits that are equal for everything the rule takes for the same (its `uniqueId` expression); the cooldown counts by it. */
  readonly repetitionId?: string;
  readonly ruleId: string;
  readonly ruleName: string;
  readonly ruleDescription?: string;
  readonly mitreTactic?: string;
  readonly mitreTechnique?: string;
  readonly isTriggerAlert?: boolean;
  /** 1 (lowest) … 10. */
  readonly severity: number;
  readonly message: string;
  /** When it happened, RFC 3339 as the source gave it; empty when the source gave none. */
  readonly time: string;
  readonly eventKind?: ActivityEventKind | FindingSource;
  /** What of the event the kind is about; texts are redacted. */
  readonly arguments?: AlertArguments;
  readonly clusterName: string;
  readonly nodeName: string;
  readonly namespace: string;
  readonly podName: string;
  readonly podUid: string;
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly containerName: string;
  /** 64 hexadecimal digits. */
  readonly containerId: string;
  readonly image: string;
  /** As the runtime resolved it. */
  readonly imageDigest?: string;
  readonly workloadKind: string;
  readonly workloadName: string;
  readonly process: AlertProcess;
  /** The processes above {@link Alert.process}, its parent first, as far as they were seen. */
  readonly processTree?: readonly AlertAncestor[];
  /** The profile the container was judged by; undefined for a rule that needs none when there is none. */
  readonly profile: AlertProfile | undefined;
  /** How the rule depends on the profile, and what became of it; absent for a rule to which profiles do not matter. */
  readonly profileMetadata?: AlertProfileMetadata;
  /**
   * What the profile would have to hold for this alert not to be raised; absent when no profile can allow it, because the rule does not ask it about what
   * happened, or none can without allowing others.
   */
  readonly allowedBy?: AlertAllowance;
}

/** What an alert is told apart by, and what decides whether it leaves. @public */
export type AlertKey = Pick<
  Alert,
  | "uniqueId"
  | "repetitionId"
  | "ruleId"
  | "severity"
  | "containerId"
  | "namespace"
  | "clusterName"
  | "nodeName"
  | "profile"
>;

/** An alert whose texts are not worked out yet. @public */
export interface AlertDraft extends AlertKey {
  /** Redacts, cuts and fills in everything else, anew with each call. Before it is forgotten: it keeps the event alive. */
  readonly build: () => Alert;
}

/** By name, as in the original; numbers stay numbers. @public */
export type AlertArguments = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** The process that did it. @public */
export interface AlertProcess {
  /** In the host's PID namespace; -1 when unknown. */
  readonly pid: number;
  /** -1 when unknown. */
  readonly uid: number;
  readonly binary: string;
  /** One string as the source gave it, tokens and password-like values redacted. */
  readonly args: string;
  readonly cwd: string;
  readonly execId: string;
  readonly parentBinary: string;
  /** -1 when unknown. */
  readonly parentPid: number;
}

/** A process above the one of an alert. @public */
export interface AlertAncestor {
  readonly pid: number;
  readonly binary: string;
  /** Redacted. */
  readonly args: string;
}

/** The profile that the alert is judged by. @public */
export interface AlertProfile {
  readonly name: string;
  readonly status: string;
  readonly completion: string;
  /**
   * True when the container broke its profile: the rule depends on one, which was completed, also when it covers the container's life only in
   * part.
   */
  readonly failOnProfile: boolean;
}

/**
 * As receivers of the original read it.
 *
 * @see reference: kubescape/node-agent, `profileMetadata` of an alert
 * @public
 */
export interface AlertProfileMetadata extends AlertProfile {
  /** 0: what the container does (tag `applicationprofile`), 1: whom it talks to (tag `networkprofile`). */
  readonly type: 0 | 1;
  /** 0 required, 1 optional. */
  readonly profileDependency: 0 | 1;
  /** Why there is nothing to go by; empty when there is. */
  readonly errorMessage: string;
}

/**
 * The exact entry of a profile that would allow what an alert is about.
 *
 * @public
 */
export interface AlertAllowance {
  /** Where it belongs in a ContainerProfile: a list to which the entry is added, or for `spec.rulePolicies` a map it is joined with. */
  readonly path:
    | "spec.execs"
    | "spec.opens"
    | "spec.syscalls"
    | "spec.capabilities"
    | "spec.egress"
    | "spec.ingress"
    | "spec.rulePolicies";
  /** JSON: an object, or a text in a list of texts. */
  readonly entry: unknown;
  /**
   * Set when the arguments were cut by the source, or too long or too many to be named: wildcards stand for them, and the entry allows executions that differ only
   * there.
   */
  readonly isShortened?: true;
}
