import { describe, expect, it } from "vitest";
import { ACCESS, podList, ScriptedTransport } from "../test/scripted-transport.ts";
import { createKubeClient, pods, type ListOptions, type WatchOptions } from "./index.ts";
import { assertListOptions, assertWatchOptions } from "./list-option-rules.ts";

function verdict(check: () => void): string {
  try {
    check();
    return "sent";
  } catch (error) {
    expect(error).toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT" });
    return (error as Error).message.split(":")[0]!;
  }
}

describe("assertListOptions", () => {
  // The server's own rules as a table: version × match × limit.
  it.each<[ListOptions, string]>([
    [{}, "sent"],
    [{ limit: 0 }, "sent"],
    [{ limit: 500 }, "sent"],
    [{ resourceVersion: "" }, "sent"],
    [{ resourceVersion: "0" }, "sent"],
    [{ resourceVersion: "0", limit: 500 }, "sent"],
    [{ resourceVersion: "17" }, "sent"],
    [{ resourceVersion: "17", limit: 500 }, "sent"],
    [{ resourceVersion: "0", resourceVersionMatch: "NotOlderThan" }, "sent"],
    [{ resourceVersion: "17", resourceVersionMatch: "NotOlderThan", limit: 500 }, "sent"],
    [{ resourceVersion: "17", resourceVersionMatch: "Exact" }, "sent"],
    [{ resourceVersion: "99999999999999999999", resourceVersionMatch: "Exact" }, "sent"],
    [{ resourceVersionMatch: "Exact" }, "resourceVersionMatch"],
    [{ resourceVersionMatch: "NotOlderThan" }, "resourceVersionMatch"],
    [{ resourceVersion: "", resourceVersionMatch: "NotOlderThan" }, "resourceVersionMatch"],
    [{ resourceVersion: "0", resourceVersionMatch: "Exact" }, "resourceVersionMatch"],
    [{ resourceVersion: "17", resourceVersionMatch: "Newest" as "Exact" }, "resourceVersionMatch"],
    [{ sendInitialEvents: true } as ListOptions, "sendInitialEvents"],
    [{ limit: -1 }, "limit"],
    [{ limit: 0.5 }, "limit"],
  ])("%j: %s [client L6] [client L7]", (options, expected) => {
    expect(verdict(() => assertListOptions(options))).toBe(expected);
  });
});

describe("assertWatchOptions", () => {
  it.each<[WatchOptions, string]>([
    [{}, "sent"],
    [{ resourceVersion: "0" }, "sent"],
    [{ resourceVersion: "17", timeoutSeconds: 300 }, "sent"],
    [{ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }, "sent"],
    [{ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan", resourceVersion: "17" }, "sent"],
    [{ sendInitialEvents: false, resourceVersionMatch: "NotOlderThan" }, "sent"],
    [{ sendInitialEvents: true }, "sendInitialEvents"],
    [{ sendInitialEvents: true, resourceVersionMatch: "Exact" as "NotOlderThan" }, "sendInitialEvents"],
    [{ resourceVersionMatch: "NotOlderThan", resourceVersion: "17" }, "resourceVersionMatch"],
    [{ timeoutSeconds: 0.5 }, "timeoutSeconds"],
  ])("%j: %s [client L6]", (options, expected) => {
    expect(verdict(() => assertWatchOptions(options))).toBe(expected);
  });
});

describe("KubeClient", () => {
  it("sends nothing of what would be refused, and no version on later pages [client L6]", async () => {
    const transport = new ScriptedTransport((_request, index) => podList("9", [], index === 0 ? "more" : ""));
    await using client = createKubeClient(ACCESS, { transport });
    await expect(client.list(pods, { resourceVersionMatch: "Exact" })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT",
    });
    const watch = client.watch(pods, { sendInitialEvents: true })[Symbol.asyncIterator]();
    await expect(watch.next()).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_ARGUMENT" });
    expect(transport.requests).toHaveLength(0);
    await client.list(pods, { resourceVersion: "9", resourceVersionMatch: "Exact", limit: 1 });
    expect(transport.requests.map(({ url }) => url.search)).toEqual([
      "?limit=1&resourceVersion=9&resourceVersionMatch=Exact",
      "?limit=1&continue=more",
    ]);
  });
});
