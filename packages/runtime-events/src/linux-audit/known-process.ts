/** A process as the last look or event left it. @internal */
export interface KnownProcess {
  readonly pid: number;
  parentPid: number;
  /** When it was forked, milliseconds since 1970; NaN when the system could not be asked. */
  startedAtMs: number;
  /** Empty for a process of the host. */
  containerId: string;
  /** As it was executed; of a process that was running before, as the system names it. Empty when not known. */
  binary: string;
  args: string;
  /** Key of its last execution; empty when that was not seen. */
  execId: string;
  /**
   * True when its last execution was the container runtime setting a container up, or when it executed nothing yet and was forked by such a
   * process, or by the runtime itself outside of containers.
   */
  isRuntimeStage: boolean;
  /** When the system was last asked about it, milliseconds since 1970. */
  checkedAtMs: number;
}
