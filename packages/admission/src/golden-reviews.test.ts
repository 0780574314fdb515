import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDecider, openWebhook } from "../test/open-webhook.ts";
import { memoryLimit, noExec, noPrivileged } from "../test/security-policy.ts";

interface Recorded {
  readonly query: string;
  readonly review: {
    readonly request: {
      readonly operation: string;
      readonly name?: string;
      readonly kind: { readonly kind: string };
      readonly object: unknown;
    };
  };
}

const recordings = JSON.parse(
  readFileSync(join(import.meta.dirname, "../test/recordings/admission-reviews.json"), "utf8"),
) as readonly Recorded[];

const goldenFile = join(import.meta.dirname, "../golden/admission-reviews.json");

/** The object of the recorded CREATE of that kind and name: what a real cluster would have stored. */
function created(kind: string, name: string): unknown {
  return recordings.find(
    ({ review: { request } }) => request.operation === "CREATE" && request.kind.kind === kind && request.name === name,
  )?.review.request.object;
}

describe("ReviewEndpoint", () => {
  it("answers the 30 reviews that a real API server sent as the golden file says", async () => {
    const { decider } = await openDecider([noPrivileged, memoryLimit, noExec], {
      workloads: {
        stored: async (_resource, _namespace, name) => created("Deployment", name),
        behindPod: async (_namespace, pod) => created("Pod", pod),
      },
    });
    await using webhook = await openWebhook(decider);
    const answers: unknown[] = [];
    for (const { query, review } of recordings) {
      const route = review.request.operation === "CONNECT" ? "/events" : "/validate";
      const { status, json } = await webhook.send(`${route}?${query}`, { body: JSON.stringify(review) });
      const { operation, name, kind } = review.request;
      answers.push({ request: `${operation} ${kind.kind} ${name ?? ""}`, status, answer: json as unknown });
    }
    const text = `${JSON.stringify(answers, null, 2)}\n`;
    // oxlint-disable-next-line node/no-process-env -- how golden files are written anew
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(goldenFile, text);
    expect(text).toBe(readFileSync(goldenFile, "utf8"));
    expect(answers).toHaveLength(30);
  });
});
