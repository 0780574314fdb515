/** What `auditctl -s` says. @internal */
export interface AuditStatus {
  /** 0: off, 1: on, 2: on and locked. */
  readonly enabled: number;
  /** Process that the kernel sends its records to; 0: none. */
  readonly pid: number;
  /** Records that the kernel could not send since boot. */
  readonly lost: number;
}

/**
 * Asks the kernel's audit system how it does.
 *
 * @public
 */
export type ReadAuditStatus = (options: { readonly signal: AbortSignal }) => Promise<string>;

/** Reads the output of `auditctl -s`. @returns undefined when it does not hold the three numbers. @internal */
export function tryParseAuditStatus(text: string): AuditStatus | undefined {
  const value = (name: string): number => Number(new RegExp(`^${name}[ =](\\d{1,10})\\b`, "m").exec(text)?.[1]);
  const status = { enabled: value("enabled"), pid: value("pid"), lost: value("lost") };
  return Number.isNaN(status.enabled + status.pid + status.lost) ? undefined : status;
}
