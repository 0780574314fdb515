/**
 * One alert: something happened in a container that its rules do not permit. Plain data, ready for any sink; strings come from
 * the container and may hold anything, so a sink escapes them for its medium.
 *
 * @public
 */
export interface Alert {
  /**
   * 32 hexadecimal digits made from rule id, container id and exec id: the same event gives the same id after a restart, so a
   * receiver can drop a repetition.
   */
  readonly uniqueId: string;
  readonly ruleId: string;
  readonly ruleName: string;
  /** 1 (lowest) … 10. */
  readonly severity: number;
  readonly message: string;
  /** When it happened, RFC 3339 as the source gave it; empty when the source gave none. */
  readonly time: string;
  readonly clusterName: string;
  readonly nodeName: string;
  readonly namespace: string;
  readonly podName: string;
  readonly podUid: string;
  readonly containerName: string;
  /** 64 hexadecimal digits. */
  readonly containerId: string;
  readonly image: string;
  readonly workloadKind: string;
  readonly workloadName: string;
  readonly process: AlertProcess;
  /** The profile the container was judged by; undefined for a rule that needs none when there is none. */
  readonly profile: AlertProfile | undefined;
}

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

/** The profile that the alert is judged by. @public */
export interface AlertProfile {
  readonly name: string;
  readonly status: string;
  readonly completion: string;
  /** True when the profile was completed, also when it covers the container's life only in part. */
  readonly failOnProfile: boolean;
}
