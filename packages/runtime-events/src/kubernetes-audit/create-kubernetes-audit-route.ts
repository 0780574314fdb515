import type { Finding } from "@kinglet/enrichment";
import { JsonListSplitter } from "../webhook/json-list-splitter.ts";
import type { FindingQueue } from "../webhook/finding-queue.ts";
import type { JsonValueLimits } from "../webhook/json-value.ts";
import type { BodyReader, BodyRefusal, WebhookRoute } from "../webhook/webhook-route.ts";
import { optionalMembers } from "./audit-event.ts";
import type { AuditIntake } from "./audit-intake.ts";

/**
 * What is kept of one event, bytes: with request and response left out where they are large, an event has a few KB, and a URI of up to 1 MiB, of which
 * API servers write every `<`, `>` and `&` as six characters.
 *
 * @internal
 */
export const eventLimits: JsonValueLimits = { maxBytes: 8_388_608, maxDepth: 256, optionalMembers };

/**
 * The path to which API servers post `EventList`s (`--audit-webhook-config-file`).
 *
 * Guarantees: a list is answered with 200 when all findings in it are queued; when the queue is full it is answered with 429, what was queued of it stays,
 * and the API server sends all of it again, of which the rest is taken. Events beyond their bounds and objects that are no events are counted and passed
 * over, for sending them again would change nothing; so is what follows in a list that is longer than the listener reads, of which the events before are
 * judged. What was passed over for its size is a finding itself (K2004), once in ten minutes. Memory: one event.
 *
 * @param options - `intake`: one for all ways in which events come, so that they are told apart; `path`: default `/kubernetes-audit`.
 *
 * @public
 */
export function createKubernetesAuditRoute(options: {
  readonly intake: AuditIntake;
  readonly queue: Pick<FindingQueue, "offer">;
  readonly path?: string;
}): WebhookRoute {
  const { intake, queue, path = "/kubernetes-audit" } = options;
  return { path, open: () => openBody(intake, queue) };
}

const isFull = "full";

function openBody(intake: AuditIntake, queue: Pick<FindingQueue, "offer">): BodyReader {
  const offer = (finding: Finding): boolean => queue.offer(finding);
  const splitter = new JsonListSplitter({
    listMember: "items",
    limits: eventLimits,
    onMember: (name, value) => {
      const wanted = name === "kind" ? "EventList" : name === "apiVersion" ? "audit.k8s.io/v1" : undefined;
      return wanted === undefined || value === wanted ? undefined : `${name} is not ${wanted}`;
    },
    onItem: (text) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        // What is wrong with it is the sender's to find out.
        return "an item is not JSON";
      }
      return intake.take(value, offer) === "full" ? isFull : undefined;
    },
    onPassedOver: (reason) => intake.passOver(reason, 1, offer),
  });
  const refusalOf = (problem: string | undefined): BodyRefusal | undefined => {
    if (problem === undefined) return undefined;
    return problem === isFull
      ? { status: 429, text: "there is no room for more findings now" }
      : { status: 400, text: problem };
  };
  return {
    push: (bytes) => refusalOf(splitter.push(bytes)),
    end: () => refusalOf(splitter.end()),
    // An API server sends the same again, four times, whatever it hears but 200.
    cut: () => {
      const refusal = refusalOf(splitter.cut());
      if (refusal === undefined) intake.passOver("cut", 1, offer);
      return refusal;
    },
  };
}
