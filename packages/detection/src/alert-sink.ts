import type { Alert } from "./alert.ts";

/**
 * Port: where alerts leave.
 *
 * @public
 */
export interface AlertSink {
  /** Short, stable, unique among the sinks in use; a metric label. */
  readonly name: string;
  /**
   * Delivers one alert. Resolves once the receiver has it: the caller then forgets the event for good. May be called again with
   * the same alert after a failure, so receivers tell repetitions apart by `uniqueId`.
   *
   * @throws when it could not be delivered, or the signal's reason.
   */
  publish(alert: Alert, options: { readonly signal: AbortSignal }): Promise<void>;
}
