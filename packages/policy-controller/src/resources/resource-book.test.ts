import { describe, expect, it } from "vitest";
import type { ControlledObject } from "./controlled-resource.ts";
import type { Judgement } from "./resource-judgement.ts";
import { ResourceBook } from "./resource-book.ts";

const valid: Judgement = { isValid: true, claimedName: "Shop", message: "" };

function policy(generation: number): ControlledObject {
  return {
    metadata: { name: "shop", namespace: "kinglet", uid: "u1", resourceVersion: String(generation), generation },
    spec: { generation },
  };
}

describe("ResourceBook", () => {
  it("keeps what was in force of a resource that cannot be judged, and judges it again when it is asked for next", async () => {
    const answers: (Judgement | Error)[] = [valid, new Error("its process ended"), new Error("again"), valid];
    const book = new ResourceBook(async () => {
      const answer = answers.shift() ?? new Error("asked too often");
      if (answer instanceof Error) throw answer;
      return answer;
    }, new Map());
    await book.update("kinglet/shop", policy(1));
    for (const reason of ["its process ended", "again"]) {
      const { record } = await book.update("kinglet/shop", policy(2));
      expect(record).toMatchObject({ isJudged: false, inForce: { spec: { generation: 1 } }, versionInForce: "u1:1" });
      expect(record.judgement).toMatchObject({ isValid: false, claimedName: "Shop" });
      expect(record.judgement.message).toContain(reason);
      expect(book.record("kinglet/shop")).toEqual(record);
    }
    const { record } = await book.update("kinglet/shop", policy(2));
    expect(record).toMatchObject({ isJudged: true, inForce: { spec: { generation: 2 } }, versionInForce: "u1:2" });
  });

  it("keeps what was in force before this process of a resource that it cannot judge", async () => {
    const former = { metadata: { name: "shop", uid: "u1" }, spec: "former" };
    const book = new ResourceBook(() => Promise.reject(new Error("no memory")), new Map([["u1", former]]));
    const { record } = await book.update("kinglet/shop", policy(1));
    expect([record.inForce, record.isJudged]).toEqual([former, false]);
  });
});
