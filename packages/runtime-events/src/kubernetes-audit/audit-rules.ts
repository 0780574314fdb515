/** One kind of finding. @internal */
export interface AuditRule {
  readonly id: string;
  readonly name: string;
  /** 1 ... 10, when the request was allowed; half of it, rounded up, when it was not. */
  readonly severity: number;
}

/**
 * Kinds of findings. R2000 and R2001 are ids that node-agent uses too; K ids are this program's own.
 *
 * @internal
 */
export const auditRules: Readonly<
  Record<
    "exec" | "portForward" | "attach" | "debugContainer" | "kubeletCommand" | "anonymousAccess" | "notJudged",
    AuditRule
  >
> = {
  exec: { id: "R2000", name: "Exec to pod", severity: 8 },
  portForward: { id: "R2001", name: "Port forward", severity: 5 },
  attach: { id: "K2000", name: "Attach to pod", severity: 5 },
  debugContainer: { id: "K2001", name: "Debug container added to pod", severity: 8 },
  kubeletCommand: { id: "K2002", name: "Command through the kubelet's API", severity: 8 },
  anonymousAccess: { id: "K2003", name: "Anonymous access to a resource", severity: 8 },
  notJudged: { id: "K2004", name: "Kubernetes audit events not judged", severity: 5 },
};
