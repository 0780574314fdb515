import type { EventSource } from "../model/policy-names.ts";
import type { Criterion } from "./criterion.ts";
import { eventRow as row, type RowExceptions } from "./criterion-row.ts";

/** The rows about what happens at run time and in the Kubernetes API. @internal */
export function eventCriteria(): readonly Criterion[] {
  const node: readonly EventSource[] = ["DEPLOYMENT_EVENT", "NODE_EVENT"];
  const deployment: readonly EventSource[] = ["DEPLOYMENT_EVENT"];
  const audit: readonly EventSource[] = ["AUDIT_LOG_EVENT"];
  const both: readonly EventSource[] = ["DEPLOYMENT_EVENT", "AUDIT_LOG_EVENT"];
  const baseline: RowExceptions = { negation: false, operators: false, needs: ["baseline"] };
  return [
    row("Process Name", "process", "wholeText", "text", node, "the name of the program matches"),
    row("Process Arguments", "process", "partOfText", "text", node, "the arguments match somewhere"),
    row("Process Ancestor", "process", "wholeText", "text", node, "the path of a program above it matches"),
    row("Process UID", "process", "exactText", "text", node, "the process runs as that user id"),
    row("Unexpected Process Executed", "process", "boolean", "boolean", deployment, "the baseline lacks it", baseline),
    row(
      "Unexpected Network Flow Detected",
      "networkFlow",
      "boolean",
      "boolean",
      deployment,
      "the baseline of the workload lacks the flow",
      baseline,
    ),
    row("File Path", "fileAccess", "pathGlob", "filePath", node, "the path of the file matches", { negation: false }),
    row("File Operation", "fileAccess", "enumeration", "fileOperation", node, "that is done with the file"),
    row("Kubernetes Resource", "kubeEvent", "enumeration", "podOperation", both, "the request is about that", {
      negation: false,
    }),
    row("Kubernetes User Name", "kubeEvent", "exactText", "kubernetesName", both, "that user asks"),
    row("Kubernetes User Groups", "kubeEvent", "exactText", "kubernetesName", both, "a member of that group asks"),
    row("Kubernetes API Verb", "auditLog", "enumeration", "apiVerb", audit, "that is done with the resource", {
      negation: false,
    }),
    row("Kubernetes Resource Name", "auditLog", "exactText", "text", audit, "the resource has that name"),
    row("Source IP Address", "auditLog", "exactText", "ipAddress", audit, "the request comes from there"),
    row("User Agent", "auditLog", "prefixText", "text", audit, "the client's name begins with that"),
    row("Is Impersonated User", "auditLog", "boolean", "boolean", audit, "the user is impersonated, or is not", {
      negation: false,
      operators: false,
    }),
  ];
}
