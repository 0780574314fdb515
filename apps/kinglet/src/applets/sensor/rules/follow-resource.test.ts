import type { createInformer, InformerHandler, KubeClient, KubeObject, ResourceDefinition } from "@kinglet/kube-client";
import { ManualClock, untilAborted } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { followResource } from "./follow-resource.ts";

const rules: ResourceDefinition = {
  group: "kubescape.io",
  version: "v1",
  plural: "rules",
  kind: "Rules",
  namespaced: true,
};

/** A followed resource of an API that has the objects that the test puts into it. */
function opened() {
  const clock = new ManualClock();
  const end = new AbortController();
  const api = { objects: new Map<string, string>(), failures: new Set<string>(), requests: [] as string[] };
  const told: string[] = [];
  const synced = Promise.withResolvers<void>();
  let handler: InformerHandler<KubeObject> = {};
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  const options: unknown[] = [];
  const informer = {
    addHandler: (given: InformerHandler<KubeObject>) => {
      handler = given;
      return {
        get isSynced() {
          return waiting === 0;
        },
      };
    },
    run: ({ signal }: { readonly signal: AbortSignal }) =>
      untilAborted(new Promise<void>(() => {}), signal).catch(() => {}),
    waitForSync: ({ signal }: { readonly signal: AbortSignal }) => untilAborted(synced.promise, signal),
  };
  const client = {
    list: async (_resource: unknown, { namespace = "", fieldSelector = "" }) => {
      const full = `${namespace}/${fieldSelector.replace("metadata.name=", "")}`;
      api.requests.push(full);
      await new Promise<void>((resolve) => void clock.startTimer(resolve, 10));
      if (api.failures.has(full)) throw new Error("connection refused");
      const spec = api.objects.get(full);
      return { items: spec === undefined ? [] : [{ metadata: { name: full }, spec }] };
    },
  };
  const followed = followResource({
    client: client as unknown as KubeClient,
    createInformer: ((_client: unknown, _resource: unknown, given: unknown) => {
      options.push(given);
      return informer;
    }) as unknown as typeof createInformer,
    informer: {},
    resource: rules,
    set: (name, object) => void told.push(`set ${name} ${(object as { readonly spec: string }).spec}`),
    remove: (name) => void told.push(`remove ${name}`),
    unread: (name, error) => void told.push(`unread ${name}: ${(error as Error).message}`),
    clock,
    signal: end.signal,
    random: () => 0,
  });
  /** The informer calls a handler for one thing at a time. */
  const deliver = (call: () => unknown): void => {
    waiting += 1;
    last = last.then(async () => {
      await call();
      waiting -= 1;
    });
  };
  const objectOf = (full: string): KubeObject => {
    const [namespace, name] = full.split("/");
    return { metadata: { namespace, name } } as unknown as KubeObject;
  };
  return {
    api,
    clock,
    end,
    told,
    followed,
    options,
    sync: () => synced.resolve(),
    put: (full: string, spec: string): void => {
      const isNew = !api.objects.has(full);
      api.objects.set(full, spec);
      const object = objectOf(full);
      deliver(() => (isNew ? handler.onAdd?.(object, {} as never) : handler.onUpdate?.(object, object)));
    },
    drop: (full: string): void => {
      api.objects.delete(full);
      deliver(() => handler.onDelete?.(objectOf(full), {} as never));
    },
  };
}

describe("followResource", () => {
  it("reads an object when it appears or changes, one at a time, and follows metadata alone [bindings F-1]", async () => {
    const bench = opened();
    expect(bench.options).toMatchObject([{ metadataOnly: true, projection: { paths: [] } }]);
    let isDelivered = false;
    void bench.followed.delivered.then(() => (isDelivered = true));
    bench.put("shop/a", "1");
    bench.put("shop/b", "1");
    bench.sync();
    await bench.clock.advance(10);
    expect([bench.told, bench.api.requests, isDelivered]).toEqual([["set shop/a 1"], ["shop/a", "shop/b"], false]);
    await bench.clock.advance(100);
    expect(isDelivered).toBe(true);
    bench.put("shop/a", "2");
    bench.drop("shop/b");
    await bench.clock.advance(10);
    expect(bench.told).toEqual(["set shop/a 1", "set shop/b 1", "set shop/a 2", "remove shop/b"]);
    // Gone before it was read.
    bench.put("shop/c", "1");
    bench.api.objects.delete("shop/c");
    await bench.clock.advance(10);
    expect(bench.told.at(-1)).toBe("remove shop/c");
    bench.end.abort(new Error("stop"));
    await bench.followed.ended;
    await bench.clock.advance(0);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it("tells what it cannot read, goes on with the others, and tries it until it can or it changes [bindings F-2]", async () => {
    const bench = opened();
    bench.sync();
    bench.api.failures.add("shop/a").add("shop/b");
    bench.put("shop/a", "1");
    bench.put("shop/b", "1");
    bench.put("shop/c", "1");
    await bench.clock.advance(30);
    expect(bench.told).toEqual([
      "unread shop/a: connection refused",
      "unread shop/b: connection refused",
      "set shop/c 1",
    ]);
    await bench.clock.advance(60_000);
    expect(bench.told).toHaveLength(3);
    expect(bench.api.requests.length).toBeLessThan(20);
    bench.drop("shop/b");
    bench.api.failures.clear();
    await bench.clock.advance(61_000);
    expect(bench.told.slice(3)).toEqual(["remove shop/b", "set shop/a 1"]);
    expect(bench.clock.pendingTimers).toBe(0);
    bench.api.failures.add("shop/a");
    bench.put("shop/a", "2");
    await bench.clock.advance(10);
    bench.end.abort(new Error("stop"));
    await bench.clock.advance(120_000);
    expect([bench.told.at(-1), bench.clock.pendingTimers]).toEqual(["unread shop/a: connection refused", 0]);
  });
});
