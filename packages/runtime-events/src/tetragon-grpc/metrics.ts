import type { MetricDefinition } from "@kinglet/metrics";

/** Gauge: 1 while the stream is open. @internal */
export const grpcConnected: MetricDefinition = {
  type: "gauge",
  name: "kinglet_tetragon_grpc_connected",
  help: "1 while Tetragon's event stream is open, else 0.",
};

/** Gauge: events that wait for the consumer. @internal */
export const grpcQueued: MetricDefinition = {
  type: "gauge",
  name: "kinglet_tetragon_grpc_queued_events",
  help: "Events of Tetragon's stream that wait for their consumer.",
};

/** Gauge: delivered events that are not acknowledged. @internal */
export const grpcOpen: MetricDefinition = {
  type: "gauge",
  name: "kinglet_tetragon_grpc_open_events",
  help: "Delivered events of Tetragon's stream that are not acknowledged yet.",
};

/** Counter: events that did not fit the queue. @internal */
export const grpcDropped: MetricDefinition<"kind"> = {
  type: "counter",
  name: "kinglet_tetragon_grpc_dropped_total",
  help: "Events of Tetragon's stream that this process could not keep up with and left out, by kind.",
  labels: ["kind"],
};

/** Counter: replays of executions that are known. @internal */
export const grpcReplays: MetricDefinition = {
  type: "counter",
  name: "kinglet_tetragon_grpc_repeated_replays_total",
  help: "Replayed executions that had been delivered before and were left out.",
};
