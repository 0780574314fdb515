import type { RecordResult } from "./recording.ts";

/** Why something is missing in a profile, for people. @internal */
export const refusals: Readonly<Record<Exclude<RecordResult, "known" | "added">, string>> = {
  refused: "there was no room for all that was learned",
  pattern: "it used a name that would allow others, too, as a pattern",
};
