import { writeFileSync } from "node:fs";
import type { ContainerIdentity } from "@kinglet/enrichment";
import { createError } from "@kinglet/errors";
import {
  kubeClientErrors,
  type createInformer,
  type InformerHandler,
  type KubeClient,
  type KubeObject,
  type ResourceDefinition,
} from "@kinglet/kube-client";
import { ManualClock, untilAborted } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { createCapturedLogger, openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { openRuleRoom, type RuleRoomOptions } from "./rule-room.ts";

const plural = "runtimerulealertbindings";
const readMs = 10;

function bindingOf(name: string): object {
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": name } };
  return { metadata: { name }, spec: { namespaceSelector, podSelector: {}, rules: [{ ruleID: "R0001" }] } };
}

/** A room over an API that has a binding for each of these namespaces. */
async function opened(
  names: readonly string[],
  ruleResources: RuleRoomOptions["config"]["ruleResources"] = "on",
  rulesDir?: string,
) {
  const clock = new ManualClock();
  const logger = createCapturedLogger();
  const end = new AbortController();
  const bindings = new Map(names.map((name) => [name, bindingOf(name)]));
  const api = {
    bindings,
    failures: new Set<string>(),
    isListed: true,
    served: async (): Promise<unknown> => ({ resources: [{ name: "rules" }, { name: plural }] }),
  };
  let handler: InformerHandler<KubeObject> = {};
  const metaOf = (name: string): KubeObject => ({ metadata: { name } }) as unknown as KubeObject;
  const informerOf = (isOfBindings: boolean) => {
    const synced = Promise.withResolvers<void>();
    return {
      addHandler: (given: InformerHandler<KubeObject>) => {
        if (isOfBindings) handler = given;
        return { isSynced: true };
      },
      run: async ({ signal }: { readonly signal: AbortSignal }) => {
        if (isOfBindings) {
          if (!api.isListed) return untilAborted(new Promise<void>(() => {}), signal).catch(() => {});
          for (const name of names) await handler.onAdd?.(metaOf(name), {} as never);
        }
        synced.resolve();
        await untilAborted(new Promise<void>(() => {}), signal).catch(() => {});
      },
      waitForSync: ({ signal }: { readonly signal: AbortSignal }) => untilAborted(synced.promise, signal),
    };
  };
  const client = {
    request: () => api.served(),
    list: async (_resource: unknown, { fieldSelector = "" }) => {
      const name = fieldSelector.replace("metadata.name=", "");
      await new Promise<void>((resolve) => void clock.startTimer(resolve, readMs));
      if (api.failures.has(name)) throw new Error("etcdserver: request timed out");
      const found = bindings.get(name);
      return { items: found === undefined ? [] : [found] };
    },
  };
  const room = await openRuleRoom({
    config: { ruleResources, ignoreRuleBindings: false, ...(rulesDir === undefined ? {} : { rulesDir }) },
    client: client as unknown as KubeClient,
    createInformer: ((_client: unknown, resource: ResourceDefinition) =>
      informerOf(resource.plural === plural)) as unknown as typeof createInformer,
    informer: {},
    onRules: () => {},
    clock,
    logger,
    metrics: noopMetrics,
    signal: end.signal,
  });
  let isSettled = false;
  void room.isSettled.then(() => (isSettled = true));
  return {
    api,
    clock,
    logger,
    room,
    stop: () => end.abort(),
    run: () => void room.run({ signal: end.signal }).catch(() => {}),
    isSettled: () => isSettled,
    /** How many rules hold for pods of a namespace: all, or as many as are bound. */
    holding: (namespace: string): number | "all" => {
      const container = { containerId: namespace, namespace, podName: "p" } as unknown as ContainerIdentity;
      const count = room.selectionFor(container)?.rules.length ?? 0;
      return count > 1 && count === room.rules.length ? "all" : count;
    },
    changed: (name: string) => handler.onUpdate?.(metaOf(name), metaOf(name)),
    gone: (name: string) => handler.onDelete?.(metaOf(name), {} as never),
  };
}

describe("openRuleRoom", () => {
  it("has every rule hold until all bindings of the API were read [rules S-1]", async () => {
    const bench = await opened(["team-a", "team-b"]);
    bench.run();
    await bench.clock.advance(readMs);
    expect([bench.holding("team-a"), bench.holding("team-b"), bench.isSettled()]).toEqual(["all", "all", false]);
    await bench.clock.advance(readMs);
    expect([bench.holding("team-a"), bench.holding("team-b"), bench.isSettled()]).toEqual([1, 1, true]);
    expect([bench.holding("other"), bench.room.problems()]).toEqual([0, {}]);
    bench.stop();
  });

  it("has every rule hold while a binding cannot be read that never was, and says so [rules S-1]", async () => {
    const bench = await opened(["team-a", "team-b"]);
    bench.api.failures.add("team-b");
    bench.run();
    await bench.clock.advance(2 * readMs);
    expect([bench.holding("team-a"), bench.holding("team-b"), bench.isSettled()]).toEqual(["all", "all", true]);
    expect(bench.room.problems()).toEqual({
      "team-b": ["could not be read, until it can every rule holds for every pod: etcdserver: request timed out"],
    });
    bench.api.failures.clear();
    await bench.clock.advance(60_000);
    expect([bench.holding("team-a"), bench.holding("team-b"), bench.holding("other")]).toEqual([1, 1, 0]);
    expect(bench.room.problems()).toEqual({});
    bench.stop();
  });

  it("no longer counts one that went without having been read", async () => {
    const bench = await opened(["team-a", "team-b"]);
    bench.api.failures.add("team-b");
    bench.run();
    await bench.clock.advance(2 * readMs);
    void bench.gone("team-b");
    expect([bench.holding("team-a"), bench.holding("team-b"), bench.room.problems()]).toEqual([1, 0, {}]);
    bench.stop();
  });

  it("goes on with what a binding was before when it can no longer be read", async () => {
    const bench = await opened(["team-a"]);
    bench.run();
    await bench.clock.advance(readMs);
    bench.api.failures.add("team-a");
    void bench.changed("team-a");
    await bench.clock.advance(readMs);
    expect([bench.holding("team-a"), bench.holding("other")]).toEqual([1, 0]);
    expect(bench.room.problems()["team-a"]?.[0]).toMatch(/what it was before holds/);
    bench.stop();
  });

  it("takes an invalid binding for one that was read: it is named, and the others select", async () => {
    const bench = await opened(["team-a", "team-b"]);
    bench.api.bindings.set("team-b", { metadata: { name: "team-b" }, spec: { rules: "none" } });
    bench.run();
    await bench.clock.advance(2 * readMs);
    expect([bench.holding("team-a"), bench.holding("team-b")]).toEqual([1, 0]);
    expect(Object.keys(bench.room.problems())).toEqual(["team-b"]);
    bench.stop();
  });

  it("has every rule hold while the API does not list its bindings, which is a problem after ten seconds", async () => {
    const bench = await opened(["team-a"]);
    bench.api.isListed = false;
    bench.run();
    await bench.clock.advance(9_999);
    expect([bench.isSettled(), bench.room.problems()]).toEqual([false, {}]);
    await bench.clock.advance(1);
    expect([bench.isSettled(), bench.holding("team-a")]).toEqual([true, "all"]);
    const problem = "not all of them could be read so far: until they were every rule holds for every pod";
    expect(bench.room.problems()).toEqual({ "bindings of the API": [problem] });
    expect(bench.logger.messages("warn")).toHaveLength(1);
    bench.stop();
  });

  it("waits ten seconds at most for an API that does not say whether it serves rules", async () => {
    const bench = await opened([], "auto");
    bench.api.served = () => new Promise(() => {});
    bench.run();
    await bench.clock.advance(9_999);
    expect(bench.isSettled()).toBe(false);
    await bench.clock.advance(1);
    expect([bench.isSettled(), Object.keys(bench.room.problems())]).toEqual([true, ["bindings of the API"]]);
    bench.stop();
  });

  it("asks again within seconds when the API does not say whether it serves rules, as while a node starts", async () => {
    const bench = await opened(["team-a"], "auto");
    const { served } = bench.api;
    let asked = 0;
    bench.api.served = async () => {
      asked += 1;
      throw new Error("connect ECONNREFUSED");
    };
    bench.run();
    await bench.clock.advance(6_000);
    expect([bench.isSettled(), asked > 2, asked < 10]).toEqual([false, true, true]);
    bench.api.served = served;
    await bench.clock.advance(8_000);
    expect([bench.isSettled(), bench.holding("team-a"), bench.holding("other")]).toEqual([true, 1, 0]);
    expect(bench.room.problems()).toEqual({});
    bench.stop();
  });

  it("misses nothing of an API that serves no bindings", async () => {
    const bench = await opened([], "auto");
    bench.api.served = async () => {
      throw createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND", { message: "no" });
    };
    bench.run();
    await bench.clock.advance(0);
    expect(bench.isSettled()).toBe(true);
    await bench.clock.advance(10_000);
    expect([bench.room.problems(), bench.logger.messages("warn")]).toEqual([{}, []]);
    bench.stop();
  });

  it("names each file of a folder that is too large, in a few lines of the log", async () => {
    await using folder = await openTempDir("kinglet-rule-room-");
    const name = (index: number): string => folder.file(`r${String(index).padStart(3, "0")}.yaml`);
    // Comments: quick to parse.
    for (let index = 0; index < 60; index++) writeFileSync(name(index), `#${"x".repeat(262_000)}\n`);
    const bench = await opened([], "off", folder.path);
    const problems = bench.room.problems();
    expect(Object.keys(problems)).toEqual(Array.from({ length: 44 }, (_, index) => name(index + 16)));
    const way = "the files before in the order of names use them up: take out what is not needed";
    expect(problems[name(59)]).toEqual([`all files of ${folder.path} together may have 4194304 bytes, ${way}`]);
    expect(bench.logger.messages("error")).toHaveLength(1);
    bench.stop();
  });

  it("names each file that is no YAML, some of them in the log", async () => {
    await using folder = await openTempDir("kinglet-rule-room-");
    for (let index = 0; index < 60; index++) writeFileSync(folder.file(`${index}.yaml`), "[");
    const bench = await opened([], "off", folder.path);
    expect(Object.keys(bench.room.problems())).toHaveLength(60);
    expect(bench.logger.messages("error")).toHaveLength(21);
    bench.stop();
  });
});
