import { describe, expect, it } from "vitest";
import { activityNumbersOf, encodeEventsRequest } from "./events-request.ts";
import { MessageDecoder } from "./message-decoder.ts";
import { messagePlan } from "./message-plan.ts";

describe("encodeEventsRequest", () => {
  it("asks for the kinds that are wanted and what tells of losses, not for health checks [tetragon-grpc S3]", () => {
    const request = {
      eventNumbers: activityNumbersOf(new Set(["exec", "exit", "throttle"])),
      withoutHealthChecks: true,
    };
    const bytes = encodeEventsRequest(request);
    expect(new MessageDecoder().decode(messagePlan("GetEventsRequest"), bytes, 0, bytes.length)).toEqual({
      allow_list: [{ event_set: ["PROCESS_EXEC", "PROCESS_EXIT", "PROCESS_THROTTLE", "RATE_LIMIT_INFO"] }],
      deny_list: [{ health_check: true }],
    });
    expect(
      encodeEventsRequest({ eventNumbers: activityNumbersOf(undefined), withoutHealthChecks: false }),
    ).toHaveLength(0);
  });

  it("asks for every hook when any activity beyond executions is wanted", () => {
    expect(activityNumbersOf(new Set(["open"]))).toEqual([9, 10, 11, 12, 28, 29, 27, 40_001]);
  });
});
