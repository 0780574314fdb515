import { needBit } from "../evaluation/evaluation.ts";
import { isFalse, isUnknown, truthOf, type Truth } from "../evaluation/truth.ts";
import type { ImageConfig } from "../workload/image-metadata.ts";
import { matcher, type CriterionMatcher, type MatcherTable } from "./criterion-matcher.ts";
import type { GroupCompiler } from "./group-compiler.ts";
import { configOf, scanOf } from "./image-facts.ts";
import { hasDisallowed, lacksRequired } from "./map-entries.ts";
import { named, quoted, quotedList, utc } from "./say.ts";

const dayMs = 86_400_000;

/** Matchers of criteria about what is in an image and what a scan said about it. @internal */
export function imageMatchers(): MatcherTable {
  return {
    "Image Age": matcher(
      "container",
      (group) => {
        const test = olderThan(group);
        return (container, evaluation) => {
          const config = configOf(container, evaluation);
          return config === undefined ? isUnknown : test(config.created, evaluation.nowMs);
        };
      },
      (container, evaluation) =>
        `the image of ${named(container)} was built ${utc(configOf(container, evaluation)?.created)}`,
    ),
    "Image Scan Age": matcher(
      "container",
      (group) => {
        const test = olderThan(group);
        return (container, evaluation) => {
          const scan = scanOf(container, evaluation);
          if (scan === undefined) return isUnknown;
          return scan === null ? isFalse : test(scan.scanned, evaluation.nowMs);
        };
      },
      (container, evaluation) =>
        `the image of ${named(container)} was last scanned ${utc(scanOf(container, evaluation)?.scanned)}`,
    ),
    "Unscanned Image": matcher(
      "container",
      (group) => {
        const test = group.fact(group.booleans());
        return (container, evaluation) => {
          const scan = scanOf(container, evaluation);
          return scan === undefined ? isUnknown : test(scan === null);
        };
      },
      (container, evaluation) => {
        const was = scanOf(container, evaluation) === null ? "has not been" : "has been";
        return `the image of ${named(container)} ${was} scanned`;
      },
    ),
    "Image User": matcher(
      "container",
      (group) => {
        const test = group.fact(group.texts("wholePattern"));
        return (container, evaluation) => {
          const config = configOf(container, evaluation);
          return config === undefined ? isUnknown : test(config.user);
        };
      },
      (container, evaluation) =>
        `the image of ${named(container)} runs as user ${quoted(configOf(container, evaluation)?.user ?? "")}`,
    ),
    "Image OS": matcher(
      "container",
      (group) => {
        const test = group.fact(group.texts("wholePattern"));
        return (container, evaluation) => {
          const scan = scanOf(container, evaluation);
          if (scan === undefined) return isUnknown;
          return scan === null ? isFalse : test(scan.operatingSystem);
        };
      },
      (container, evaluation) => {
        const system = scanOf(container, evaluation)?.operatingSystem ?? "";
        return `the image of ${named(container)} holds operating system ${quoted(system)}`;
      },
    ),
    "Image Signature Verified By": matcher(
      "container",
      (group) => {
        // Violated by what verified it not; negation is forbidden, so this is always the inverse.
        const test = group.list(group.texts("exact"), !group.group.negate);
        return (container, evaluation) => {
          const image = evaluation.imageOf(container);
          if (image?.verifiedBy === undefined) {
            evaluation.missing |= needBit.image;
            return isUnknown;
          }
          return test(image.verifiedBy);
        };
      },
      (container) => `the image of ${named(container)} is not verified by any of the signatures asked for`,
    ),
    "Required Image Label": labels(lacksRequired, "lacks a required label"),
    "Disallowed Image Label": labels(hasDisallowed, "has a disallowed label"),
    "Dockerfile Line": matcher(
      "layer",
      (group) => {
        const test = group.parts();
        return (layer) => truthOf(test(layer.instruction, layer.text, ""));
      },
      (layer, evaluation) =>
        `the Dockerfile of ${named(evaluation.container)} has ${quoted(`${layer.instruction} ${layer.text}`)}`,
    ),
    "Image Component": matcher(
      "component",
      (group) => {
        const test = group.parts();
        return (component) => truthOf(test(component.name, component.version, ""));
      },
      (component, evaluation) =>
        `the image of ${named(evaluation.container)} holds component ${quoted(component.name)}, ` +
        `version ${quoted(component.version)}`,
    ),
  };
}

/** A time at least so many days ago; an unknown one never is. @internal */
export function olderThan(group: GroupCompiler): (timeMs: number | undefined, nowMs: number) => Truth {
  const days = group.parsed.map((value, index) => {
    if (value.kind === "number") return value.value;
    group.reject(index);
    return Number.POSITIVE_INFINITY;
  });
  const { negate, booleanOperator } = group.group;
  const bound = booleanOperator === "AND" ? Math.max(...days) : Math.min(...days);
  return (timeMs, nowMs) => {
    if (timeMs === undefined) return isFalse;
    return truthOf(nowMs - bound * dayMs >= timeMs !== negate);
  };
}

function labels(
  compile: (group: GroupCompiler) => (map: ImageConfig["labels"]) => boolean,
  what: string,
): CriterionMatcher {
  return matcher(
    "container",
    (group) => {
      const test = compile(group);
      const { negate } = group.group;
      return (container, evaluation) => {
        const config = configOf(container, evaluation);
        return config === undefined ? isUnknown : truthOf(test(config.labels) !== negate);
      };
    },
    (container, evaluation) => {
      const found = configOf(container, evaluation)?.labels ?? new Map<string, string>();
      const list = found.size === 0 ? "it has none" : `it has ${quotedList([...found.keys()].sort())}`;
      return `the image of ${named(container)} ${what}; ${list}`;
    },
  );
}
