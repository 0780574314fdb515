import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ApiRefusal, type StatusBody } from "../refusals/api-refusal.ts";
import type { AccessControl } from "../authorization/access-control.ts";
import { anonymousUser } from "../authorization/user-info.ts";
import { applyJsonPatch } from "../patches/json-patch.ts";
import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { badRequest, forbidden, refusal } from "../refusals/refusals.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import type { WriteAttempt } from "../writing/write-pipeline.ts";
import { convertObject, nameOf, namespaceOf, requestedTarget, type AdmissionTarget } from "./admission-attributes.ts";
import { checkAnswer, createReview, reviewRequest, type ReviewAnswer } from "./admission-review.ts";
import { authorizerValue, requestResourceValue } from "./authorizer-functions.ts";
import { MatchConditions } from "./match-conditions.ts";
import { describePatchFailure } from "./patch-failure.ts";
import { WebhookCallFailure, type WebhookCaller } from "./webhook-caller.ts";
import type { WebhookMatcher } from "./webhook-matcher.ts";
import { readWebhooks, type Webhook } from "./webhook.ts";

/** The parts that webhooks are called with. */
export interface WebhookAdmissionParts {
  readonly store: ObjectStore;
  readonly access: AccessControl;
  readonly matcher: WebhookMatcher;
  readonly caller: WebhookCaller;
  /** Decodes and defaults what a patch made. */
  readonly complete: (resource: SimResource, object: KubeObject) => KubeObject;
}

/** A webhook and the place that annotations of the audit log name it by. */
interface PlacedWebhook {
  readonly webhook: Webhook;
  /** `round_R_index_I`. */
  readonly place: string;
}

/**
 * Calls admission webhooks as the API server does: the mutating ones one after the other, by name of their configuration, with one
 * more round for those that want it when a later one changed something; then all validating ones at once.
 *
 * A configuration counts from the moment it is stored. What the webhooks did is annotated for the audit log.
 *
 * @see k8s.io/apiserver v0.36.3 pkg/admission/plugin/webhook
 */
export class WebhookAdmission {
  readonly #parts: WebhookAdmissionParts;
  readonly #conditions: MatchConditions = new MatchConditions();

  constructor(parts: WebhookAdmissionParts) {
    this.#parts = parts;
  }

  /**
   * Lets the mutating webhooks change what is to be written.
   *
   * @returns the object to go on with: `attempt.object` when nothing changed it.
   * @throws ApiRefusal as a webhook refuses, or 500 when one fails and its policy is not to ignore that.
   */
  async mutate(attempt: WriteAttempt): Promise<KubeObject | undefined> {
    const webhooks = this.#webhooks(attempt, "mutatingwebhookconfigurations");
    if (webhooks.length === 0) return attempt.object;
    const asked = new Set<string>();
    const due = new Set<string>();
    let isChanged = false;
    const all = webhooks.map((webhook, index) => ({ webhook, place: `round_0_index_${index}` }));
    const first = await this.#mutateInTurn(all, attempt, (webhook, changed) => {
      if (changed) {
        // Whoever was asked before this change and wants to see it is asked once more.
        for (const id of asked) due.add(id);
        asked.clear();
        isChanged = true;
      }
      if (webhook.isReinvoked) asked.add(webhook.id);
    });
    if (!isChanged || due.size === 0) return first;
    // Annotations count places among all webhooks, also in the second round.
    const again = webhooks
      .map((webhook, index) => ({ webhook, place: `round_1_index_${index}` }))
      .filter(({ webhook }) => due.has(webhook.id));
    return this.#mutateInTurn(again, { ...attempt, object: first }, () => {});
  }

  /** Asks the validating webhooks, all at once. @throws ApiRefusal the first refusal, in the order of the webhooks */
  async validate(attempt: WriteAttempt): Promise<void> {
    const concerned: { readonly webhook: Webhook; readonly target: AdmissionTarget }[] = [];
    for (const webhook of this.#webhooks(attempt, "validatingwebhookconfigurations")) {
      const target = this.#targetFor(webhook, attempt);
      if (target !== undefined) concerned.push({ webhook, target });
    }
    if (concerned.length === 0) return;
    const refusals = await Promise.all(
      concerned.map(({ webhook, target }, index) =>
        this.#validateOne({ webhook, place: `round_0_index_${index}` }, attempt, target),
      ),
    );
    const first = refusals.find((outcome) => outcome !== undefined);
    if (first !== undefined) throw first;
  }

  #webhooks(attempt: WriteAttempt, plural: string): Webhook[] {
    const table = this.#parts.store.table(`${plural}.admissionregistration.k8s.io`);
    return table.size === 0 || !this.#parts.matcher.isReviewed(attempt) ? [] : readWebhooks(table.values());
  }

  async #mutateInTurn(
    webhooks: readonly PlacedWebhook[],
    attempt: WriteAttempt,
    onAsked: (webhook: Webhook, isChanged: boolean) => void,
  ): Promise<KubeObject | undefined> {
    let object = attempt.object;
    for (const placed of webhooks) {
      const { webhook } = placed;
      const current = { ...attempt, object };
      const target = this.#targetFor(webhook, current);
      if (target === undefined) continue;
      let isChanged = false;
      try {
        const next = await this.#mutateOne(placed, current, target);
        isChanged = next !== object && !isDeepStrictEqual(next, object);
        object = next;
      } finally {
        const outcome = { configuration: webhook.configuration, webhook: webhook.name, mutated: isChanged };
        attempt.annotate?.(`mutation.webhook.admission.k8s.io/${placed.place}`, JSON.stringify(outcome));
      }
      onAsked(webhook, isChanged);
    }
    return object;
  }

  async #mutateOne(
    { webhook, place }: PlacedWebhook,
    attempt: WriteAttempt,
    target: AdmissionTarget,
  ): Promise<KubeObject | undefined> {
    let answer: ReviewAnswer;
    try {
      answer = await this.#ask(webhook, attempt, target, true);
      if (answer.isAllowed && answer.patch !== "") {
        const patched = this.#patched(webhook, attempt, target, answer);
        if (patched !== attempt.object) annotatePatch(webhook, place, attempt, answer);
        return patched;
      }
    } catch (error) {
      if (!(error instanceof WebhookCallFailure)) throw error;
      if (webhook.ignoresFailures) {
        attempt.annotate?.(`failed-open.mutation.webhook.admission.k8s.io/${place}`, webhook.name);
        return attempt.object;
      }
      throw internalError(error.message);
    }
    if (!answer.isAllowed) throw denial(webhook, answer.status);
    return attempt.object;
  }

  async #validateOne(
    { webhook, place }: PlacedWebhook,
    attempt: WriteAttempt,
    target: AdmissionTarget,
  ): Promise<ApiRefusal | undefined> {
    try {
      const answer = await this.#ask(webhook, attempt, target, false);
      return answer.isAllowed ? undefined : denial(webhook, answer.status);
    } catch (error) {
      if (error instanceof ApiRefusal) return error;
      if (!(error instanceof WebhookCallFailure)) throw error;
      if (!webhook.ignoresFailures) return internalError(error.message);
      attempt.annotate?.(`failed-open.validating.webhook.admission.k8s.io/${place}`, webhook.name);
      return undefined;
    }
  }

  async #ask(
    webhook: Webhook,
    attempt: WriteAttempt,
    target: AdmissionTarget,
    isMutating: boolean,
  ): Promise<ReviewAnswer> {
    if (attempt.isDryRun === true) {
      if (webhook.sideEffects === undefined) throw new WebhookCallFailure(webhook, "Webhook SideEffects is nil");
      if (webhook.sideEffects !== "None" && webhook.sideEffects !== "NoneOnDryRun") {
        throw badRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`);
      }
    }
    const review = createReview(webhook, attempt, target, randomUUID());
    if (review === undefined) {
      const why = "webhook does not accept known AdmissionReview versions (v1, v1beta1)";
      throw new WebhookCallFailure(webhook, `could not create admission objects: ${why}`);
    }
    const answer = checkAnswer(review, await this.#parts.caller.call(webhook, review.body, attempt.signal), isMutating);
    if (typeof answer === "string") {
      throw new WebhookCallFailure(webhook, `received invalid webhook response: ${answer}`);
    }
    for (const warning of answer.warnings) attempt.warn?.(warning);
    for (const [key, value] of Object.entries(answer.auditAnnotations)) {
      attempt.annotate?.(`${webhook.name}/${key}`, value);
    }
    return answer;
  }

  #patched(
    webhook: Webhook,
    attempt: WriteAttempt,
    target: AdmissionTarget,
    answer: ReviewAnswer,
  ): KubeObject | undefined {
    const undecodable = (why: string): WebhookCallFailure =>
      new WebhookCallFailure(webhook, `received undecodable patch in webhook response: ${why}`);
    let patch: unknown;
    try {
      patch = JSON.parse(answer.patch);
    } catch (error) {
      throw undecodable((error as Error).message);
    }
    if (!Array.isArray(patch)) throw undecodable("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
    if (patch.length === 0) return attempt.object;
    if (attempt.object === undefined) {
      const name = JSON.stringify(webhook.name);
      throw internalError(
        `admission webhook ${name} attempted to modify the object, which is not supported for this operation`,
      );
    }
    if (answer.patchType !== "JSONPatch") {
      throw new WebhookCallFailure(webhook, `unsupported patch type ${JSON.stringify(answer.patchType)}`);
    }
    const shown = convertObject(attempt.object, attempt.resource, target.row) ?? attempt.object;
    let patched: unknown;
    try {
      patched = applyJsonPatch(shown, patch);
    } catch {
      throw internalError(describePatchFailure(shown, patch));
    }
    if (!isJsonRecord(patched) || !isJsonRecord(patched["metadata"] ?? {})) {
      throw internalError("json: cannot unmarshal array into Go value of type struct");
    }
    const object = convertObject(patched as KubeObject, target.row, attempt.resource) ?? (patched as KubeObject);
    object.metadata ??= {} as KubeObject["metadata"];
    if (attempt.subresource === "" || object.kind === attempt.resource.kind) {
      return this.#parts.complete(attempt.resource, object);
    }
    return object;
  }

  #targetFor(webhook: Webhook, attempt: WriteAttempt): AdmissionTarget | undefined {
    const target = this.#parts.matcher.match(webhook, attempt);
    if (target === undefined || webhook.matchConditions.length === 0) return target;
    const verdict = this.#conditions.evaluate(webhook.matchConditions, this.#variables(attempt, target));
    if (verdict.kind === "match") return target;
    if (verdict.kind === "skip" || webhook.ignoresFailures) return undefined;
    const { resource } = requestedTarget(attempt);
    const what = { group: resource.group, plural: resource.resource, kind: attempt.resource.kind };
    throw forbidden(what, nameOf(attempt), verdict.message);
  }

  #variables(attempt: WriteAttempt, target: AdmissionTarget): Parameters<MatchConditions["evaluate"]>[1] {
    const { access } = this.#parts;
    const { object, oldObject, uid: _uid, ...request } = reviewRequest(attempt, target, "");
    const user = attempt.user ?? anonymousUser;
    const asker = {
      user,
      authorize: (asked: typeof user, wish: Parameters<AccessControl["authorize"]>[1]) => access.authorize(asked, wish),
    };
    const { group, resource } = requestedTarget(attempt).resource;
    const about = { group, resource, subresource: attempt.subresource };
    const check = { ...asker, ...about, namespace: namespaceOf(attempt), name: nameOf(attempt) };
    return {
      object,
      oldObject,
      request,
      authorizer: authorizerValue(asker),
      requestResource: requestResourceValue(check),
    };
  }
}

function annotatePatch(webhook: Webhook, place: string, attempt: WriteAttempt, answer: ReviewAnswer): void {
  const { configuration, name } = webhook;
  const applied = { configuration, webhook: name, patch: JSON.parse(answer.patch) as unknown, patchType: "JSONPatch" };
  attempt.annotate?.(`patch.webhook.admission.k8s.io/${place}`, JSON.stringify(applied), "Request");
}

/** A webhook's no, as the client gets it. */
function denial(webhook: Webhook, status: JsonRecord | undefined): ApiRefusal {
  const { code, message, reason, details } = status ?? {};
  const head = `admission webhook ${JSON.stringify(webhook.name)} denied the request`;
  const why =
    typeof message === "string" && message !== ""
      ? `: ${message}`
      : typeof reason === "string" && reason !== ""
        ? `: ${reason}`
        : " without explanation";
  const body: StatusBody = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${head}${why}`,
    ...(typeof reason === "string" && reason !== "" ? { reason } : {}),
    ...(isJsonRecord(details) ? { details } : {}),
    code: typeof code === "number" && code >= 400 ? code : 400,
  };
  const wait = isJsonRecord(details) ? details["retryAfterSeconds"] : undefined;
  return new ApiRefusal(body, typeof wait === "number" && wait > 0 ? wait : undefined);
}

function internalError(message: string): ApiRefusal {
  return refusal(500, "InternalError", `Internal error occurred: ${message}`, { details: { causes: [{ message }] } });
}
