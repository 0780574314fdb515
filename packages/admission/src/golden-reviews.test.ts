import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDecider, openWebhook } from "../test/open-webhook.ts";
import { noExec, securityPolicy } from "../test/security-policy.ts";

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

interface Response {
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
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

/** Refused when it is created, only recorded when it is changed. */
const noPrivileged = securityPolicy("privileged", [{ fieldName: "Privileged Container", values: ["true"] }], {
  actions: ["FAIL_DEPLOYMENT_CREATE_ENFORCEMENT"],
});

/** Warned about, but for one Deployment. */
const memoryLimit = securityPolicy("memory-limit", [{ fieldName: "Container Memory Limit", values: ["0"] }], {
  mode: "warn",
  spec: { exclusions: [{ name: "the second one", deployment: { name: "d2" } }] },
});

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
    const outcomes: Record<string, number> = {};
    for (const { query, review } of recordings) {
      const route = review.request.operation === "CONNECT" ? "/events" : "/validate";
      const { status, json } = await webhook.send(`${route}?${query}`, { body: JSON.stringify(review) });
      const { operation, name, kind } = review.request;
      const { allowed, warnings = [], auditAnnotations = {} } = json.response as Response;
      const outcome = "bypass" in auditAnnotations ? "bypassed" : warnings.length > 0 ? "warned" : "allowed";
      const key = allowed ? outcome : "denied";
      outcomes[key] = (outcomes[key] ?? 0) + 1;
      answers.push({ request: `${operation} ${kind.kind} ${name ?? ""}`, status, answer: json as unknown });
    }
    const text = `${JSON.stringify(answers, null, 2)}\n`;
    // oxlint-disable-next-line node/no-process-env -- how golden files are written anew
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(goldenFile, text);
    expect(text).toBe(readFileSync(goldenFile, "utf8"));
    expect(answers).toHaveLength(30);
    // Of the eight about pods, their ephemeral containers and Deployments that are evaluated: at least two each.
    expect(outcomes).toEqual({ bypassed: 22, denied: 3, warned: 2, allowed: 3 });
  });
});
