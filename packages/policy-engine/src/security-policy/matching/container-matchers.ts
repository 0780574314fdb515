import { isFalse, truthOf } from "../evaluation/truth.ts";
import type { WorkloadContainer } from "../workload/workload.ts";
import { matcher, type CriterionMatcher, type MatcherTable } from "./criterion-matcher.ts";
import { decimal, named, quoted, quotedList } from "./say.ts";

/** Matchers of criteria about a container's specification, its image's name included. @internal */
export function containerMatchers(): MatcherTable {
  return {
    "Container Name": text(
      (container) => container.name,
      (container) => `the workload has ${named(container)}`,
    ),
    "Privileged Container": flag(
      (container) => container.privileged,
      (container) => `${named(container)} ${container.privileged ? "is" : "is not"} privileged`,
    ),
    "Allow Privilege Escalation": flag(
      (container) => container.allowPrivilegeEscalation,
      (container) =>
        `${named(container)} ${container.allowPrivilegeEscalation ? "allows" : "does not allow"} privilege escalation`,
    ),
    "Read-Only Root Filesystem": flag(
      (container) => container.readOnlyRootFilesystem,
      (container) => {
        const mode = container.readOnlyRootFilesystem ? "read-only" : "writable";
        return `${named(container)} has a ${mode} root file system`;
      },
    ),
    "Liveness Probe Defined": probe(
      (container) => container.hasLivenessProbe,
      (container) => `${named(container)} has ${container.hasLivenessProbe ? "a" : "no"} liveness probe`,
    ),
    "Readiness Probe Defined": probe(
      (container) => container.hasReadinessProbe,
      (container) => `${named(container)} has ${container.hasReadinessProbe ? "a" : "no"} readiness probe`,
    ),
    "Add Capabilities": addCapabilities(),
    "Drop Capabilities": dropCapabilities(),
    "Seccomp Profile Type": matcher(
      "container",
      (group) => {
        const test = group.fact(group.names());
        return (container) => test(container.seccompProfile);
      },
      (container) => `${named(container)} runs under seccomp profile type ${quoted(container.seccompProfile ?? "")}`,
    ),
    "AppArmor Profile": text(
      (container) => container.appArmorProfile,
      (container) => `${named(container)} runs under AppArmor profile ${quoted(container.appArmorProfile)}`,
    ),
    "Container CPU Request": resource((container) => container.cpuRequest, "CPU request", "cores"),
    "Container CPU Limit": resource((container) => container.cpuLimit, "CPU limit", "cores"),
    "Container Memory Request": resource((container) => container.memoryRequest, "memory request", "MB"),
    "Container Memory Limit": resource((container) => container.memoryLimit, "memory limit", "MB"),
    "Image Registry": text((container) => container.imageName.registry, describeImage),
    "Image Remote": text((container) => container.imageName.remote, describeImage),
    "Image Tag": text((container) => container.imageName.tag, describeImage),
    "Environment Variable": matcher(
      "variable",
      (group) => {
        const searches = group.parts();
        return (variable) => truthOf(searches(variable.source, variable.key, variable.value));
      },
      // Never the value: it may be a secret.
      (variable, evaluation) =>
        `environment variable ${quoted(variable.key)} of ${named(evaluation.container)} comes from ${quoted(variable.source)}`,
    ),
  };
}

function describeImage(container: WorkloadContainer): string {
  const { registry, remote, tag, digest } = container.imageName;
  const version = tag === "" ? `digest ${quoted(digest)}` : `tag ${quoted(tag)}`;
  return `${named(container)} has an image of registry ${quoted(registry)}, remote ${quoted(remote)}, ${version}`;
}

function flag(
  read: (container: WorkloadContainer) => boolean,
  describe: (container: WorkloadContainer) => string,
): CriterionMatcher {
  return matcher(
    "container",
    (group) => {
      const test = group.fact(group.booleans());
      return (container) => test(read(container));
    },
    describe,
  );
}

/** As {@link flag}, of what the API forbids ephemeral containers: of them it never holds, negated or not. */
function probe(
  read: (container: WorkloadContainer) => boolean,
  describe: (container: WorkloadContainer) => string,
): CriterionMatcher {
  return matcher(
    "container",
    (group) => {
      const test = group.fact(group.booleans());
      return (container) => (container.type === "EPHEMERAL" ? isFalse : test(read(container)));
    },
    describe,
  );
}

function text(
  read: (container: WorkloadContainer) => string,
  describe: (container: WorkloadContainer) => string,
): CriterionMatcher {
  return matcher(
    "container",
    (group) => {
      const test = group.fact(group.texts("wholePattern"));
      return (container) => test(read(container));
    },
    describe,
  );
}

/** The API forbids ephemeral containers to ask for resources: of them it never holds, negated or not, whatever the value. */
function resource(read: (container: WorkloadContainer) => number, what: string, unit: string): CriterionMatcher {
  return matcher(
    "container",
    (group) => {
      const test = group.fact(group.numbers());
      return (container) => (container.type === "EPHEMERAL" ? isFalse : test(read(container)));
    },
    (container) => {
      const value = read(container);
      const set = value === 0 ? "is not set" : `is ${decimal(value)} ${unit}`;
      return `the ${what} of ${named(container)} ${set}`;
    },
  );
}

/** A container that adds ALL adds each of them. */
function addCapabilities(): CriterionMatcher {
  return matcher(
    "container",
    (group) => {
      const test = group.list(group.names().map((isSame) => (name: string) => name === "ALL" || isSame(name)));
      return (container) => test(container.addedCapabilities);
    },
    (container) => `${named(container)} adds capabilities ${quotedList(container.addedCapabilities)}`,
  );
}

/** Always negated: violated by what is not dropped. A container that drops ALL drops each of them. */
function dropCapabilities(): CriterionMatcher {
  return matcher(
    "container",
    (group) => {
      const lacks = group.list(group.names(), true);
      const namesAll = group.parsed.some((value) => value.kind === "name" && value.name === "ALL");
      return (container) => {
        if (!namesAll && container.droppedCapabilities.includes("ALL")) return isFalse;
        return lacks(container.droppedCapabilities);
      };
    },
    (container) =>
      container.droppedCapabilities.length === 0
        ? `${named(container)} drops no capabilities`
        : `${named(container)} drops only capabilities ${quotedList(container.droppedCapabilities)}`,
  );
}
