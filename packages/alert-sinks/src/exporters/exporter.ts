import type { Alert } from "@kinglet/detection";

/**
 * A receiver of alerts that takes several at a time. One call at a time per exporter, in order; the lane in front of it bounds,
 * batches and repeats.
 *
 * @public
 */
export interface Exporter extends AsyncDisposable {
  /** Short, stable, unique among the exporters in use; a metric label. */
  readonly name: string;
  /** Alerts that one call takes, 1 or more. */
  readonly maxBatch: number;
  /**
   * Delivers the alerts in order. Resolves once the receiver has them (datagrams and streams: once they left this host). After a
   * failure some of them may have arrived; `uniqueId` tells repetitions apart.
   *
   * @throws the signal's reason; KINGLET_ERR_ALERT_SINKS_CLOSED after disposal; else an error whose `retryable` says whether the
   * same call may succeed later, with `details.retryAfterMs` when the receiver said when.
   */
  send(alerts: readonly Alert[], options: { readonly signal: AbortSignal }): Promise<void>;
}
