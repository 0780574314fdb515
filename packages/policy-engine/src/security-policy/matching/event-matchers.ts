import { needBit } from "../evaluation/evaluation.ts";
import type { ProcessFacts, RuntimePolicyEvent } from "../evaluation/runtime-event.ts";
import { isFalse, isUnknown, type Truth } from "../evaluation/truth.ts";
import { matcher, type CriterionMatcher, type MatcherTable } from "./criterion-matcher.ts";
import { describeEvent } from "./describe-event.ts";
import type { GroupCompiler } from "./group-compiler.ts";

/** Matchers of criteria about what happened. An event of another kind matches none of them, negated or not. @internal */
export function eventMatchers(): MatcherTable {
  return {
    "Process Name": process((group) => {
      const test = group.fact(group.texts("wholePattern"));
      return (facts) => test(facts.name);
    }),
    "Process Arguments": process((group) => {
      const test = group.fact(group.texts("partPattern"));
      return (facts) => test(facts.arguments);
    }),
    "Process UID": process((group) => {
      const test = group.fact(group.texts(plainMode(group)));
      return (facts) => test(String(facts.uid));
    }),
    // Each ancestor is an element of its own: also under negation one that fits is enough.
    "Process Ancestor": process((group) => {
      const test = group.fact(group.texts("wholePattern"));
      return (facts) => {
        for (let index = 0; index < facts.ancestors.length; index++) {
          const truth = test(facts.ancestors[index]);
          if (truth !== isFalse) return truth;
        }
        return isFalse;
      };
    }),
    "Unexpected Process Executed": event((group) => {
      const test = group.fact(group.booleans());
      return (happened, evaluation) => {
        if (happened.kind !== "process") return isFalse;
        const known = happened.process.isInBaseline;
        if (known !== undefined) return test(!known);
        evaluation.missing |= needBit.baseline;
        return isUnknown;
      };
    }),
    "Unexpected Network Flow Detected": event((group) => {
      const test = group.fact(group.booleans());
      return (happened, evaluation) => {
        if (happened.kind !== "networkFlow") return isFalse;
        if (happened.isInBaseline !== undefined) return test(!happened.isInBaseline);
        evaluation.missing |= needBit.baseline;
        return isUnknown;
      };
    }),
    "File Path": event((group) => {
      const isMatch = group.fact(group.globs());
      return (happened) => {
        if (happened.kind !== "fileAccess") return isFalse;
        const truth = isMatch(happened.path);
        return truth === isFalse && happened.movedTo !== "" ? isMatch(happened.movedTo) : truth;
      };
    }),
    "File Operation": event((group) => {
      const test = group.fact(group.names());
      return (happened) => (happened.kind === "fileAccess" ? test(happened.operation) : isFalse);
    }),
    ...requestMatchers(),
  };
}

/** Matchers of criteria about requests to the Kubernetes API, live or from the audit log. */
function requestMatchers(): MatcherTable {
  return {
    "Kubernetes Resource": event((group) => {
      const test = group.fact(group.names());
      return (happened) => (isRequest(happened) ? test(happened.resource) : isFalse);
    }),
    "Kubernetes API Verb": event((group) => {
      const test = group.fact(group.names());
      return (happened) => (happened.kind === "auditLog" ? test(happened.verb) : isFalse);
    }),
    "Kubernetes User Name": event((group) => {
      const test = group.fact(group.texts(plainMode(group)));
      return (happened) => (isRequest(happened) ? test(happened.user) : isFalse);
    }),
    "Kubernetes User Groups": event((group) => {
      const test = group.list(group.texts(plainMode(group)));
      return (happened) => (isRequest(happened) ? test(happened.groups) : isFalse);
    }),
    "Kubernetes Resource Name": event((group) => {
      const test = group.fact(group.texts(plainMode(group)));
      return (happened) => (happened.kind === "auditLog" ? test(happened.name) : isFalse);
    }),
    "Source IP Address": event((group) => {
      const test = group.list(group.texts(plainMode(group)));
      return (happened) => (happened.kind === "auditLog" ? test(happened.sourceIps) : isFalse);
    }),
    "User Agent": event((group) => {
      const test = group.fact(group.texts("prefix"));
      return (happened) => (happened.kind === "auditLog" ? test(happened.userAgent) : isFalse);
    }),
    "Is Impersonated User": event((group) => {
      const test = group.fact(group.booleans());
      return (happened) => (happened.kind === "auditLog" ? test(happened.impersonatedUser !== "") : isFalse);
    }),
  };
}

function plainMode(group: GroupCompiler): "exact" | "prefix" {
  return group.options.exactNames ? "exact" : "prefix";
}

function isRequest(happened: RuntimePolicyEvent): happened is RuntimePolicyEvent & { kind: "kubeEvent" | "auditLog" } {
  return happened.kind === "kubeEvent" || happened.kind === "auditLog";
}

function event(compile: Parameters<typeof matcher<"event">>[1]): CriterionMatcher {
  return matcher("event", compile, (happened) => describeEvent(happened).message);
}

/** Of a process event, and of the process that accessed a file. */
function process(compile: (group: GroupCompiler) => (facts: ProcessFacts) => Truth): CriterionMatcher {
  return event((group) => {
    const test = compile(group);
    return (happened) => {
      if (happened.kind !== "process" && happened.kind !== "fileAccess") return isFalse;
      return happened.process === undefined ? isFalse : test(happened.process);
    };
  });
}
