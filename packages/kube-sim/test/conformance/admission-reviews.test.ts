import { describe, expect, it } from "vitest";
import { isJsonRecord, readPath } from "../../src/resources/kube-object.ts";
import type { ReceivedReview } from "./answer-webhook.ts";
import { normalise } from "./normalise.ts";
import { readRecordings } from "./recording.ts";
import { scoreScenario } from "./score-scenario.ts";

/** Which reviews are the same question: path, operation, kind, sub-resource and name. */
function questionOf(review: ReceivedReview): string {
  const read = (path: string): string => {
    const value = readPath(review.review, `request.${path}`);
    return typeof value === "string" ? value : "";
  };
  const path = review.url.split("?")[0] ?? "";
  return [path, read("operation"), read("kind.kind"), read("subResource"), String(normalise(read("name")))].join(" ");
}

/** Everything but what differs from run to run, and the order of members. */
function shapeOf({ url, method, headers, review }: ReceivedReview): unknown {
  const request = readPath(review, "request");
  const order = isJsonRecord(request) ? Object.keys(request) : [];
  const { uid: _uid, ...rest } = isJsonRecord(request) ? request : {};
  return { url, method, headers, order, review: normalise({ ...(review as object), request: rest }) };
}

describe("WebhookAdmission, replaying the reviews of a real API server", () => {
  const recordings = readRecordings().filter(({ webhookReceived }) => webhookReceived !== undefined);

  it.each(recordings)(
    "sends the webhook of $name what kube-apiserver 1.36.3 sends, member by member",
    async (recording) => {
      // The waits are for caches of the real server; here a configuration counts at once.
      const steps = recording.steps.filter((step) => step.sleepMs === undefined);
      const { received } = await scoreScenario({ ...recording, steps });
      const wanted = (recording.webhookReceived ?? []) as unknown as readonly ReceivedReview[];
      expect(received.map(questionOf).sort()).toEqual(wanted.map(questionOf).sort());
      const shapes = (reviews: readonly ReceivedReview[]): Record<string, unknown[]> => {
        const grouped: Record<string, unknown[]> = {};
        for (const review of reviews) (grouped[questionOf(review)] ??= []).push(shapeOf(review));
        return grouped;
      };
      expect(shapes(received)).toEqual(shapes(wanted));
    },
  );
});
