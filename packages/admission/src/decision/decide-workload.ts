import type { ImageMetadata, PolicyVerdict, SecurityPolicy, Workload } from "@kinglet/policy-engine/security-policy";
import type { AdmissionRequest } from "../review/admission-request.ts";
import { shorten, type Answer } from "../review/answer.ts";
import { isRecord, listAt, recordAt, textAt } from "../review/loose-json.ts";
import type { ActivePolicies } from "../settings/active-policies.ts";
import type { ReviewDeadline } from "../timing/deadline.ts";
import { addsEphemeralContainers, objectBypass, requestBypass, type BypassReason } from "./bypass.ts";
import type { DecisionEnvironment } from "./decision-environment.ts";
import type { Decision, DecisionSubject } from "./decision.ts";
import { withNewEphemeralContainers } from "./ephemeral-containers.ts";
import { evaluationPace } from "./evaluation-pace.ts";
import { fetchImages } from "./fetch-images.ts";
import { mergeVerdicts, sortFindings, type Findings } from "./findings.ts";
import { auditAnnotationsOf, countOf, renderRefusal, renderWarnings } from "./render-answer-text.ts";
import { bypassed, undecidedBecause, withDefault } from "./undecided.ts";

/**
 * Decides about a workload that is created, changed or scaled, and about ephemeral containers that are added to a pod: as about a pod that has no others.
 *
 * Order after stackrox.md §7.3: bypasses that need no object; the object (of a scale request: the stored one with the new number of replicas); bypasses written in
 * it; policies that need the object alone, whose denial is final; only then images, of those that changed, and only for policies that could deny or warn. What is
 * missing then stays missing: such policies are not evaluated, and the configured default decides when one of them could have denied and lacks what should have been there.
 *
 * @internal
 */
export async function decideWorkload(
  request: AdmissionRequest,
  policies: ActivePolicies,
  environment: DecisionEnvironment,
  deadline: ReviewDeadline,
): Promise<Decision> {
  const early = requestBypass(request, environment.bypass);
  if (early !== undefined) return bypassed(early);
  const object = request.subResource === "scale" ? await scaledObject(request, environment, deadline) : request.object;
  if (object === undefined) return bypassed("kind");
  const bypass = objectBypass(request, object, environment.bypass);
  if (bypass !== undefined) return objectBypassed(bypass);
  const isEphemeral = addsEphemeralContainers(request);
  const judged = isEphemeral ? withNewEphemeralContainers(object, request.oldObject) : object;
  const workload = environment.readWorkload(judged, { namespace: request.namespace });
  if (workload === undefined) return bypassed("kind");
  if (isEphemeral && workload.containers.length === 0) return nothingToJudge();
  const around = environment.surroundings(request.namespace);
  const subject = subjectOf(request, object, workload);
  const { operation } = request;
  const pace = evaluationPace(request, deadline);
  const sort = (found: readonly PolicyVerdict[]): Findings => sortFindings(found, operation, environment.defaultMode);

  let verdicts = await policies.evaluateDeploy({ ...around, workload }, pace);
  let findings = sort(verdicts);
  let imageFetches = 0;
  let lacksImages = "";
  const { images } = environment;
  const waiting = findings.pending.filter(({ missing }) => missing.includes("image"));
  if (findings.denied.length === 0 && waiting.length > 0 && images !== undefined) {
    const only = new Set(waiting.map(({ policy }) => policy));
    const known = (reference: string): ImageMetadata | undefined => images.peek(reference);
    const look = async (): Promise<void> => {
      verdicts = mergeVerdicts(
        verdicts,
        await policies.evaluateDeploy({ ...around, workload, image: known }, { ...pace, only }),
      );
      findings = sort(verdicts);
    };
    const wanted = imagesToFetch(request, workload, environment, only).filter((reference) => !images.has(reference));
    imageFetches = wanted.length;
    await look();
    if (findings.denied.length === 0) {
      lacksImages = await fetchImages(wanted, images, deadline, async () => {
        await look();
        return findings.denied.length > 0;
      });
    }
  }
  const what = isEphemeral ? ephemeralContainersOf(workload) : `${operation} of ${nameOf(workload)}`;
  const answer = answerOf(findings, workload, what, environment.bypass.allowsBreakGlass);
  const decision: Decision = {
    answer,
    findings: [...findings.denied, ...findings.warned, ...findings.audited],
    notEvaluated: findings.pending.length,
    imageFetches,
    subject,
  };
  const why = undecidedBecause(findings.pending, operation, environment, { image: lacksImages });
  return withDefault(decision, environment.onTimeout, why);
}

/** The stored workload with the replicas that are asked for; undefined when it is gone. */
async function scaledObject(
  request: AdmissionRequest,
  { workloads }: DecisionEnvironment,
  deadline: ReviewDeadline,
): Promise<unknown> {
  const stored = await workloads.stored(request.resource, request.namespace, request.name, { signal: deadline.signal });
  if (!isRecord(stored)) return undefined;
  const replicas = recordAt(request.object, "spec")?.["replicas"] ?? 0;
  return { ...stored, spec: { ...recordAt(stored, "spec"), replicas } };
}

function objectBypassed(reason: BypassReason): Decision {
  const decision = bypassed(reason);
  if (reason !== "break-glass") return decision;
  const warnings = ["Kinglet did not evaluate this object: it carries the break-glass annotation."];
  return { ...decision, answer: { ...decision.answer, warnings } };
}

/**
 * Images that are worth asking for: of policies that could refuse or warn (others look at what is known anyway), and not of containers that an update
 * leaves as they were.
 */
function imagesToFetch(
  request: AdmissionRequest,
  workload: Workload,
  environment: DecisionEnvironment,
  policies: ReadonlySet<SecurityPolicy>,
): readonly string[] {
  const acts = sortFindings(
    Array.from(policies, (policy) => ({
      policy,
      outcome: "violated",
      violations: [],
      missing: [],
      problem: undefined,
    })),
    request.operation,
    environment.defaultMode,
  );
  if (acts.denied.length + acts.warned.length === 0) return [];
  const references = new Set(workload.containers.map(({ image }) => image));
  if (request.operation !== "UPDATE" || request.subResource !== "") return Array.from(references);
  const old = environment.readWorkload(request.oldObject, { namespace: request.namespace });
  for (const { image } of old?.containers ?? []) references.delete(image);
  return Array.from(references);
}

/** Ephemeral containers stay as they were, or go. */
function nothingToJudge(): Decision {
  const answer: Answer = {
    allowed: true,
    outcome: "allowed",
    reason: "",
    message: "",
    warnings: [],
    auditAnnotations: {},
  };
  return { answer, findings: [], notEvaluated: 0, imageFetches: 0, subject: undefined };
}

function nameOf({ kind, name }: Workload): string {
  return name === "" ? kind : `${kind} ${name}`;
}

function ephemeralContainersOf(workload: Workload): string {
  const names = workload.containers.map(({ name }) => JSON.stringify(name)).join(", ");
  const noun = workload.containers.length === 1 ? "ephemeral container" : "ephemeral containers";
  return `${noun} ${shorten(names, 200)} of ${nameOf(workload)}`;
}

function answerOf(findings: Findings, workload: Workload, what: string, showsBreakGlass: boolean): Answer {
  const { denied, warned, pending } = findings;
  const auditAnnotations = auditAnnotationsOf(findings);
  const warnings = renderWarnings(warned);
  if (denied.length === 0) {
    const outcome = warned.length > 0 ? "warned" : "allowed";
    return { allowed: true, outcome, reason: "", message: "", warnings, auditAnnotations };
  }
  const policies = countOf(denied.length, "policy that is enforced here", "policies that are enforced here");
  const message = renderRefusal(denied, {
    heading: `Kinglet refused the ${what} in namespace ${workload.namespace}: it violates ${policies}.`,
    notEvaluated: pending.length,
    showsBreakGlass,
  });
  return { allowed: false, outcome: "denied", reason: "", message, warnings, auditAnnotations };
}

function subjectOf(request: AdmissionRequest, object: unknown, workload: Workload): DecisionSubject {
  const metadata = recordAt(object, "metadata");
  const owner = listAt(metadata, "ownerReferences").find(
    (reference) => isRecord(reference) && reference["controller"] === true,
  );
  return {
    apiVersion:
      textAt(object, "apiVersion") || (request.group === "" ? request.version : `${request.group}/${request.version}`),
    kind: workload.kind,
    namespace: request.namespace,
    name: workload.name,
    uid: request.operation === "CREATE" ? "" : workload.uid,
    operation: request.operation,
    user: request.user,
    isDryRun: request.isDryRun,
    owner: owner === undefined ? undefined : readOwner(owner),
    image: Array.from(new Set(workload.containers.map(({ image }) => image)))
      .join(", ")
      .slice(0, 1024),
  };
}

function readOwner(owner: unknown): NonNullable<DecisionSubject["owner"]> {
  return {
    apiVersion: textAt(owner, "apiVersion"),
    kind: textAt(owner, "kind"),
    name: textAt(owner, "name"),
    uid: textAt(owner, "uid"),
  };
}
