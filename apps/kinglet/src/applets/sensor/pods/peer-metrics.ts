import type { MetricDefinition } from "@kinglet/metrics";

/**
 * Questions to the API whose an address is, by what came out: `pod`, `service`, `node`, `none`, `error`.
 *
 * @internal
 */
export const peerLookups: MetricDefinition<"result"> = {
  type: "counter",
  name: "kinglet_peer_lookups_total",
  help: "Look-ups of whose an address is, by result.",
  labels: ["result"],
};

/** @internal */
export const peerEntries: MetricDefinition = {
  type: "gauge",
  name: "kinglet_peer_cache_entries",
  help: "Addresses of which it is known whose they are.",
};

/** @internal */
export const peerWaiting: MetricDefinition = {
  type: "gauge",
  name: "kinglet_peer_waiting_events",
  help: "Conversations that wait until it is known whose the address is.",
};
