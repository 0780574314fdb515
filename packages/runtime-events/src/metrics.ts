import type { MetricDefinition } from "@kinglet/metrics";

/** Counter: events of known kinds. @internal */
export const eventsTotal: MetricDefinition<"kind"> = {
  type: "counter",
  name: "kinglet_runtime_events_total",
  help: "Events read, by kind, delivered or not.",
  labels: ["kind"],
};

/** Counter: lines that were no usable event. @internal */
export const skippedLines: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_runtime_events_skipped_lines_total",
  help: "Lines that were not used, by reason: malformed, too_long, partial, blank, unknown.",
  labels: ["reason"],
};

/** Counter: events of unknown kinds; at most 16 names and `other`. @internal */
export const unknownEvents: MetricDefinition<"member"> = {
  type: "counter",
  name: "kinglet_runtime_events_unknown_total",
  help: "Events of kinds that this version does not know, by the name the source gives them.",
  labels: ["member"],
};

/** Counter: what the source says it left out. @internal */
export const droppedUpstream: MetricDefinition = {
  type: "counter",
  name: "kinglet_runtime_events_dropped_upstream_total",
  help: "Events that the source itself reports as left out.",
};

/** Gauge: delivered events that are not acknowledged. @internal */
export const openEvents: MetricDefinition = {
  type: "gauge",
  name: "kinglet_runtime_events_open",
  help: "Delivered events that are not acknowledged yet.",
};

/** Gauge: 1 while the file is being followed. @internal */
export const connected: MetricDefinition = {
  type: "gauge",
  name: "kinglet_runtime_events_connected",
  help: "1 while the event file is open and being followed, else 0.",
};

/** Counter: checkpoints. @internal */
export const checkpoints: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_runtime_events_checkpoints_total",
  help: "Checkpoints by outcome: written, failed, corrupt (found unusable at the start).",
  labels: ["outcome"],
};

/** Counter: changes of file. @internal */
export const fileChanges: MetricDefinition<"change"> = {
  type: "counter",
  name: "kinglet_runtime_events_file_changes_total",
  help: "Changes of the file being read, by what happened: rotated, truncated, lost (rotated away before it was read).",
  labels: ["change"],
};

/** Counter: holds. @internal */
export const holds: MetricDefinition = {
  type: "counter",
  name: "kinglet_runtime_events_holds_total",
  help: "Times that a file was not read on because 65,536 of its events were not acknowledged.",
};
