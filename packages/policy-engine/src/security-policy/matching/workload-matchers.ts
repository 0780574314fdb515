import type { Evaluation } from "../evaluation/evaluation.ts";
import type { PermissionLevel } from "../evaluation/evaluation-subject.ts";
import { isUnknown, truthOf } from "../evaluation/truth.ts";
import type { Workload } from "../workload/workload.ts";
import { matcher, type CriterionMatcher, type MatcherTable } from "./criterion-matcher.ts";
import type { GroupCompiler } from "./group-compiler.ts";
import { hasDisallowed, lacksRequired } from "./map-entries.ts";
import { quoted, quotedList } from "./say.ts";

/** Matchers of criteria about a workload as a whole. @internal */
export function workloadMatchers(): MatcherTable {
  return {
    "Host Network": flag(
      (workload) => workload.hostNetwork,
      "the pod uses the network of the host",
      "the pod has a network of its own",
    ),
    "Host PID": flag(
      (workload) => workload.hostPid,
      "the pod sees the processes of the host",
      "the pod does not see the processes of the host",
    ),
    "Host IPC": flag(
      (workload) => workload.hostIpc,
      "the pod shares the IPC of the host",
      "the pod does not share the IPC of the host",
    ),
    "Automount Service Account Token": matcher(
      "workload",
      (group) => {
        const test = group.fact(group.booleans());
        return (workload) => test(workload.automountServiceAccountToken);
      },
      (workload) => {
        const verb = workload.automountServiceAccountToken ? "mounts" : "does not mount";
        return `the pod ${verb} the token of service account ${quoted(workload.serviceAccount)}`;
      },
    ),
    "Runtime Class": text(
      (workload) => workload.runtimeClass,
      (workload) => `the pod has runtime class ${quoted(workload.runtimeClass)}`,
    ),
    "Service Account": text(
      (workload) => workload.serviceAccount,
      (workload) => `the pod runs as service account ${quoted(workload.serviceAccount)}`,
    ),
    Namespace: text(
      (workload) => workload.namespace,
      (workload) => `the namespace is ${quoted(workload.namespace)}`,
    ),
    Replicas: matcher(
      "workload",
      (group) => {
        const test = group.fact(group.numbers());
        return (workload) => test(workload.replicas);
      },
      (workload) => `the workload asks for ${workload.replicas} replicas`,
    ),
    "Required Label": entries(lacksRequired, (workload) => workload.labels, describeMissing("label")),
    "Required Annotation": entries(lacksRequired, (workload) => workload.annotations, describeMissing("annotation")),
    "Disallowed Annotation": entries(
      hasDisallowed,
      (workload) => workload.annotations,
      (workload) => `a disallowed annotation is among ${quotedList([...workload.annotations.keys()].sort())}`,
    ),
    "Minimum RBAC Permissions": matcher(
      "workload",
      (group) => {
        const test = group.fact(group.ranks(permissionOrder, ">="));
        return (workload, evaluation) => {
          const level = evaluation.permission(workload);
          return level === undefined ? isUnknown : test(level);
        };
      },
      (workload, evaluation) => {
        const level = evaluation.permission(workload) ?? "";
        return `service account ${quoted(workload.serviceAccount)} has permission level ${quoted(level)}`;
      },
    ),
    "Has Ingress Network Policy": networkPolicy("ingress", "comes in"),
    "Has Egress Network Policy": networkPolicy("egress", "goes out"),
  };
}

const permissionOrder: readonly PermissionLevel[] = [
  "NONE",
  "DEFAULT",
  "ELEVATED_IN_NAMESPACE",
  "ELEVATED_CLUSTER_WIDE",
  "CLUSTER_ADMIN",
];

function flag(read: (workload: Workload) => boolean, whenSet: string, whenNot: string): CriterionMatcher {
  return matcher(
    "workload",
    (group) => {
      const test = group.fact(group.booleans());
      return (workload) => test(read(workload));
    },
    (workload) => (read(workload) ? whenSet : whenNot),
  );
}

function text(read: (workload: Workload) => string, describe: (workload: Workload) => string): CriterionMatcher {
  return matcher(
    "workload",
    (group) => {
      const test = group.fact(group.texts("wholePattern"));
      return (workload) => test(read(workload));
    },
    describe,
  );
}

function entries(
  compile: (group: GroupCompiler) => (map: ReadonlyMap<string, string>) => boolean,
  read: (workload: Workload) => ReadonlyMap<string, string>,
  describe: (workload: Workload, evaluation: Evaluation) => string,
): CriterionMatcher {
  return matcher(
    "workload",
    (group) => {
      const test = compile(group);
      // Out of the closure's sight: it would keep the compiler.
      const { negate } = group.group;
      return (workload) => truthOf(test(read(workload)) !== negate);
    },
    describe,
  );
}

function describeMissing(what: "label" | "annotation"): (workload: Workload) => string {
  return (workload) => {
    const map = what === "label" ? workload.labels : workload.annotations;
    const found = map.size === 0 ? `it has no ${what}s` : `it has ${quotedList([...map.keys()].sort())}`;
    return `the workload lacks a required ${what}; ${found}`;
  };
}

function networkPolicy(direction: "ingress" | "egress", what: string): CriterionMatcher {
  return matcher(
    "workload",
    (group) => {
      const test = group.fact(group.booleans());
      return (workload, evaluation) => {
        const coverage = evaluation.coverage(workload);
        return coverage === undefined ? isUnknown : test(coverage[direction]);
      };
    },
    (workload, evaluation) => {
      const isGoverned = evaluation.coverage(workload)?.[direction] === true;
      return `${isGoverned ? "a" : "no"} network policy governs what ${what}`;
    },
  );
}
