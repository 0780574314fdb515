import type { ActivityEvent } from "@kinglet/enrichment";
import { Recording, type RecordingOptions } from "../src/recording.ts";

/** Small bounds, no peers, nothing collapsed. */
export const recordingOptions: RecordingOptions = {
  namespace: "shop",
  maxArgumentLists: 3,
  maxCallers: 2,
  peers: undefined,
  keepsDelta: true,
  collapseOpens: (opens) => opens,
};

/** What is recorded of these events. */
export function recordingOf(events: readonly ActivityEvent[], more: Partial<RecordingOptions> = {}): Recording {
  const recording = new Recording({ ...recordingOptions, ...more });
  for (const event of events) recording.record(event, false);
  return recording;
}
