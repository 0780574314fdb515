/** What a review costs without the network: `vitest bench packages/admission`. Throughput and memory: `bench/throughput.ts`. */
import { systemClock } from "@kinglet/lifecycle";
import { test } from "vitest";
import { openDecider } from "../test/open-webhook.ts";
import { renderAnswer } from "../src/review/answer.ts";
import { parseReview } from "../src/review/parse-review.ts";
import { Deadline } from "../src/timing/deadline.ts";
import { podReview, policies } from "./fixtures.ts";

test("AdmissionDecider/decide/50 policies, 3 containers", async ({ bench }) => {
  const { decider } = await openDecider(policies(50), {}, { clock: systemClock });
  const body = Buffer.from(podReview());
  const review = parseReview(body);
  const decide = async (): Promise<void> => {
    using deadline = new Deadline(systemClock.monotonicMs() + 10_000, systemClock);
    const answer = await decider.decide("validate", review, deadline);
    if (answer.outcome !== "allowed") throw new Error(answer.message);
    renderAnswer("admission.k8s.io/v1", "u", answer);
  };
  await decide();
  await bench.compare(
    bench("JSON.parse of the review", () => {
      JSON.parse(body.toString("utf8"));
    }),
    bench("parseReview", () => {
      parseReview(body);
    }),
    bench("decide and render, parsed before", decide),
  );
}, 60_000);
