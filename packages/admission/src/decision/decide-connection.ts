import type { KubeEvent, PolicyVerdict, RuntimePolicyEvent, Workload } from "@kinglet/policy-engine/security-policy";
import type { AdmissionRequest } from "../review/admission-request.ts";
import { listAt, textAt, textsAt } from "../review/loose-json.ts";
import type { ActivePolicies } from "../settings/active-policies.ts";
import type { ReviewDeadline } from "../timing/deadline.ts";
import { connectionBypass } from "./bypass.ts";
import type { DecisionEnvironment } from "./decision-environment.ts";
import type { Decision, DecisionSubject } from "./decision.ts";
import { evaluationPace } from "./evaluation-pace.ts";
import { fetchImages } from "./fetch-images.ts";
import { mergeVerdicts, sortFindings, type Findings } from "./findings.ts";
import { auditAnnotationsOf, countOf, renderRefusal, renderWarnings } from "./render-answer-text.ts";
import { bypassed, undecidedBecause, withDefault } from "./undecided.ts";

/** What each connecting sub-resource is called in policies, and in sentences. */
const connections: Readonly<Record<string, { readonly resource: KubeEvent["resource"]; readonly words: string }>> = {
  exec: { resource: "PODS_EXEC", words: "exec into" },
  attach: { resource: "PODS_ATTACH", words: "attach to" },
  portforward: { resource: "PODS_PORTFORWARD", words: "port-forward to" },
};

/**
 * Decides about exec, attach and port-forward (stackrox.md §7.6). What the event alone decides is decided first; the workload behind the pod is fetched only when a
 * policy asks about it too, and a policy that could not be evaluated because it is not to be had stays without a verdict, which is shown.
 *
 * @internal
 */
export async function decideConnection(
  request: AdmissionRequest,
  policies: ActivePolicies,
  environment: DecisionEnvironment,
  deadline: ReviewDeadline,
): Promise<Decision> {
  const bypass = connectionBypass(request, environment.bypass);
  if (bypass !== undefined) return bypassed(bypass);
  const connection = connections[request.subResource];
  if (connection === undefined) return bypassed("kind");
  const event = readEvent(request, connection.resource);
  const around = environment.surroundings(request.namespace);
  const sort = (found: readonly PolicyVerdict[]): Findings => sortFindings(found, "CONNECT", environment.defaultMode);

  const pace = evaluationPace(request, deadline);
  let verdicts = await policies.evaluateRuntime({ ...around, event }, pace);
  let findings = sort(verdicts);
  let workload: Workload | undefined;
  let imageFetches = 0;
  let lacksImages = "";
  if (findings.denied.length === 0 && findings.pending.length > 0) {
    const found = await workloadBehind(request, environment, deadline);
    workload = found;
    const only = new Set(findings.pending.map(({ policy }) => policy));
    const { images } = environment;
    const image = images === undefined ? {} : { image: (reference: string) => images.peek(reference) };
    const look = async (): Promise<void> => {
      const subject = { ...around, ...image, event, ...(found === undefined ? {} : { workload: found }) };
      verdicts = mergeVerdicts(verdicts, await policies.evaluateRuntime(subject, { ...pace, only }));
      findings = sort(verdicts);
    };
    await look();
    if (images !== undefined && findings.denied.length === 0) {
      const wanted = imagesToFetch(found, findings, images);
      imageFetches = wanted.length;
      lacksImages = await fetchImages(wanted, images, deadline, async () => {
        await look();
        return findings.denied.length > 0;
      });
    }
  }
  const { denied, warned, audited, pending } = findings;
  const count = countOf(denied.length, "policy that is enforced here", "policies that are enforced here");
  const heading = `Kinglet refused to ${connection.words} pod ${request.name} in namespace ${request.namespace}: it violates ${count}.`;
  const isDenied = denied.length > 0;
  const decision: Decision = {
    answer: {
      allowed: !isDenied,
      outcome: isDenied ? "denied" : warned.length > 0 ? "warned" : "allowed",
      reason: "",
      message: isDenied ? renderRefusal(denied, { heading, notEvaluated: pending.length, showsBreakGlass: false }) : "",
      warnings: renderWarnings(warned),
      auditAnnotations: auditAnnotationsOf(findings),
    },
    findings: [...denied, ...warned, ...audited],
    notEvaluated: pending.length,
    imageFetches,
    subject: subjectOf(request, workload, event),
  };
  const lacks = { workload: "the workload behind the pod was not found", image: lacksImages };
  return withDefault(decision, environment.onTimeout, undecidedBecause(pending, "CONNECT", environment, lacks));
}

/** Images that policies wait for. */
function imagesToFetch(
  workload: Workload | undefined,
  { pending }: Findings,
  images: NonNullable<DecisionEnvironment["images"]>,
): readonly string[] {
  if (workload === undefined || !pending.some(({ missing }) => missing.includes("image"))) return [];
  return Array.from(new Set(workload.containers.map(({ image }) => image))).filter((image) => !images.has(image));
}

async function workloadBehind(
  request: AdmissionRequest,
  { workloads, readWorkload }: DecisionEnvironment,
  deadline: ReviewDeadline,
): Promise<Workload | undefined> {
  const object = await workloads.behindPod(request.namespace, request.name, { signal: deadline.signal });
  return object === undefined ? undefined : readWorkload(object, { namespace: request.namespace });
}

function readEvent(request: AdmissionRequest, resource: KubeEvent["resource"]): KubeEvent & RuntimePolicyEvent {
  const { object } = request;
  return {
    kind: "kubeEvent",
    resource,
    pod: request.name,
    namespace: request.namespace,
    containerName: textAt(object, "container"),
    commands: textsAt(object, "command"),
    ports: listAt(object, "ports").filter((port): port is number => typeof port === "number"),
    user: request.user,
    groups: request.groups,
    // The API server calls with the impersonated user; who impersonates is not in the review.
    impersonatedUser: "",
  };
}

function subjectOf(request: AdmissionRequest, workload: Workload | undefined, event: KubeEvent): DecisionSubject {
  const container = workload?.containers.find(({ name }) => name === event.containerName);
  return {
    apiVersion: "v1",
    kind: "Pod",
    namespace: request.namespace,
    name: request.name,
    uid: "",
    operation: request.subResource,
    user: request.user,
    isDryRun: request.isDryRun,
    owner: undefined,
    image: container?.image ?? "",
  };
}
