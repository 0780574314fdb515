import type { Evaluation } from "../evaluation/evaluation.ts";
import { isFalse } from "../evaluation/truth.ts";
import type { MountedVolume } from "../workload/workload.ts";
import { matcher, type CriterionMatcher, type MatcherTable } from "./criterion-matcher.ts";
import { named, quoted } from "./say.ts";

/** Matchers of criteria about what a container mounts. @internal */
export function volumeMatchers(): MatcherTable {
  return {
    "Volume Name": text((volume) => volume.name),
    "Volume Source": text((volume) => volume.source),
    "Volume Destination": text((volume) => volume.destination),
    "Volume Type": text((volume) => volume.type),
    "Mount Propagation": matcher(
      "volume",
      (group) => {
        const test = group.fact(group.names());
        return (volume) => test(volume.propagation);
      },
      describeVolume,
    ),
    "Writable Mounted Volume": matcher(
      "volume",
      (group) => {
        const test = group.fact(group.booleans());
        return (volume) => test(!volume.readOnly);
      },
      describeVolume,
    ),
    "Writable Host Mount": matcher(
      "volume",
      (group) => {
        const test = group.fact(group.booleans());
        return (volume) => (volume.type === "HostPath" ? test(!volume.readOnly) : isFalse);
      },
      describeVolume,
    ),
  };
}

function text(read: (volume: MountedVolume) => string): CriterionMatcher {
  return matcher(
    "volume",
    (group) => {
      const test = group.fact(group.texts("wholePattern"));
      return (volume) => test(read(volume));
    },
    describeVolume,
  );
}

/** The same line for all criteria of one section: what is wrong is this mount. */
function describeVolume(volume: MountedVolume, evaluation: Evaluation): string {
  const mode = volume.readOnly ? "read-only" : "writable";
  const source = volume.source === "" ? "" : ` from ${quoted(volume.source)}`;
  const type = volume.type === "" ? "" : ` of type ${quoted(volume.type)}`;
  const propagation = volume.propagation === "NONE" ? "" : `, propagation ${quoted(volume.propagation)}`;
  return (
    `${named(evaluation.container)} mounts ${mode} volume ${quoted(volume.name)}${type}${source}` +
    ` at ${quoted(volume.destination)}${propagation}`
  );
}
