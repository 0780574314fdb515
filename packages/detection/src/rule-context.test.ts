import { describe, expect, it } from "vitest";

import { appliesInContext, type RuntimeContext } from "./rule-context.ts";

const contexts: readonly RuntimeContext[] = ["kubernetes", "host", "standalone", "container", "ecs"];

describe("appliesInContext", () => {
  it.each([
    [[], "kubernetes"],
    [["anomaly"], "kubernetes"],
    [["context:kubernetes"], "kubernetes"],
    [["context:host"], "host"],
    [["context:host", "context:kubernetes"], "kubernetes host"],
    [["context:container"], "kubernetes standalone container ecs"],
    [["context:standalone", "x"], "standalone"],
    [["context:ecs"], "ecs"],
    [["context:nosuch"], ""],
    [["CONTEXT:host"], "kubernetes"],
  ])("with tags %j holds in: %s [rules C-1]", (tags, expected) => {
    expect(contexts.filter((context) => appliesInContext({ tags }, context)).join(" ")).toBe(expected);
  });

  it("takes events of which nothing is known for events of Kubernetes [rules C-1]", () => {
    expect([appliesInContext({ tags: [] }), appliesInContext({ tags: ["context:host"] })]).toEqual([true, false]);
  });
});
