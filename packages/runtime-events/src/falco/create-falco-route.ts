import type { Buffer } from "node:buffer";
import type { Clock } from "@kinglet/lifecycle";
import type { Counter, Metrics } from "@kinglet/metrics";
import type { FindingQueue } from "../webhook/finding-queue.ts";
import { JsonValue } from "../webhook/json-value.ts";
import type { BodyReader, BodyRefusal, WebhookRoute } from "../webhook/webhook-route.ts";
import { falcoAlerts } from "./metrics.ts";
import { parseExact } from "./parse-exact.ts";
import { readFalcoAlert } from "./read-falco-alert.ts";

/** An alert has a few KB; its output is a text that a rule puts together. */
const maxAlertBytes = 1_048_576;

/**
 * The path to which Falco posts its alerts (`http_output`), one in each body.
 *
 * Guarantees: 200 when the finding is queued, without any wait, because Falco waits for the answer with its next alert and drops what does not fit into
 * its own queue meanwhile; 429 when the queue is full, 400 when the body is not JSON or larger than 1 MiB. JSON that is no alert is counted and taken, for Falco
 * does not try again. There are no repeats to drop: Falco sends once.
 *
 * @param options - `path`: default `/falco`.
 *
 * @public
 */
export function createFalcoRoute(options: {
  readonly queue: Pick<FindingQueue, "offer">;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly path?: string;
}): WebhookRoute {
  const counter = options.metrics.counter(falcoAlerts);
  return { path: options.path ?? "/falco", open: () => openBody(options, counter) };
}

function openBody(
  { queue, clock }: { readonly queue: Pick<FindingQueue, "offer">; readonly clock: Clock },
  counter: Counter<"outcome">,
): BodyReader {
  const value = new JsonValue({ maxBytes: maxAlertBytes, maxDepth: 32, optionalMembers: new Map() });
  let hasBegun = false;
  const refuse = (text: string): BodyRefusal => {
    counter.add(1, { outcome: "malformed" });
    return { status: 400, text };
  };
  return {
    push(bytes) {
      let at = 0;
      if (!hasBegun || value.isComplete) at = firstBesidesSpace(bytes);
      if (at === bytes.length) return undefined;
      if (value.isComplete) return refuse("the body holds more than one value");
      hasBegun = true;
      const end = value.push(bytes, at, bytes.length);
      return end + firstBesidesSpace(bytes.subarray(end)) < bytes.length
        ? refuse("the body holds more than one value")
        : undefined;
    },
    end() {
      if (!hasBegun || !value.finish()) return refuse("the body ends too early");
      if (value.outcome !== "whole")
        return refuse(`the alert is ${value.outcome === "too-deep" ? "too deep" : "too large"}`);
      let alert: unknown;
      try {
        alert = parseExact(value.text());
      } catch {
        // What is wrong with it is the sender's to find out.
        return refuse("the body is not JSON");
      }
      const finding = readFalcoAlert(alert, new Date(clock.now()).toISOString());
      if (finding !== undefined && !queue.offer(finding)) {
        counter.add(1, { outcome: "full" });
        return { status: 429, text: "there is no room for more findings now" };
      }
      counter.add(1, { outcome: finding === undefined ? "unusable" : "finding" });
      return undefined;
    },
  };
}

function firstBesidesSpace(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09))
    at++;
  return at;
}
