import { describe, expect, it } from "vitest";

import { TICK_MS, labelled, ref, start, type Bench } from "../test/cache-fixture.ts";

const execs = (path: string) => ({ execs: [{ path }] });
const down = new Error("connection refused");
const gone = 'the pod\'s label names "mine", which nothing is found under; ';

interface Row {
  readonly what: string;
  readonly state: string;
  readonly reason: string;
  readonly isStale?: boolean;
  readonly profile?: string | undefined;
  readonly options?: Parameters<typeof start>[0];
  readonly make: (bench: Bench) => void | Promise<void>;
}

const at = (bench: Bench, label?: string, more = {}): void => bench.cache.addContainer(labelled("c1", label, more));

const rows: readonly Row[] = [
  {
    what: "nothing was fetched yet",
    state: "pending",
    reason: "not fetched yet",
    make: (bench) => {
      bench.source.isHeld = true;
      at(bench);
    },
  },
  {
    what: "the profile is missing",
    state: "pending",
    reason: "the profile does not exist",
    make: (bench) => at(bench),
  },
  {
    what: "only an overlay is there",
    state: "pending",
    reason: "the profile does not exist; ApplicationProfile ug-deploy-web waits for it",
    make: (bench) => {
      bench.source.putAp("ug-deploy-web", { web: execs("/bin/Y") });
      at(bench);
    },
  },
  ...["initializing", "ready", "incomplete", "unauthorize", "missing-runtime", "failed", "unsupported-schema"].map(
    (status): Row => ({
      what: `the status is ${status}`,
      state: "pending",
      reason: `the profile's status is ${JSON.stringify(status)}`,
      make: (bench) => {
        bench.source.put("web", {}, status);
        at(bench);
      },
    }),
  ),
  {
    what: "there is no status",
    state: "pending",
    reason: "the profile has no status",
    make: (bench) => {
      bench.source.put("web", {}, "");
      at(bench);
    },
  },
  {
    what: "the store fails",
    state: "pending",
    reason: "connection refused",
    make: (bench) => {
      bench.source.failure = down;
      at(bench);
    },
  },
  {
    what: "the store takes too long",
    state: "pending",
    reason: "the profile store took longer than 5000 ms",
    make: async (bench) => {
      bench.source.isHeld = true;
      at(bench, undefined, { workloadName: "" });
      await bench.clock.advance(5_000);
    },
  },
  {
    what: "an authored profile cannot be fetched",
    state: "pending",
    reason: "ContainerProfile mine-web: connection refused",
    make: (bench) => {
      bench.source.failures.set("shop/mine-web", down);
      at(bench, "mine");
    },
  },
  {
    what: "there is no room",
    state: "pending",
    reason: "there is no room for the profile in the cache",
    options: { maxProfileBytes: 1 },
    make: (bench) => {
      bench.source.put("web");
      at(bench);
    },
  },
  {
    what: "it cannot have a learned profile",
    state: "pending",
    reason: "the container cannot have a learned profile",
    make: (bench) => bench.cache.addContainer({ ...ref("c1", ""), namespace: "host" }),
  },
  ...["completed", "too-large"].map((status): Row => ({
    what: `the profile is ${status}`,
    state: "active",
    reason: "",
    profile: "web",
    make: (bench) => {
      bench.source.put("web", {}, status);
      at(bench);
    },
  })),
  {
    what: "the profile is authored",
    state: "active",
    reason: "",
    profile: "mine",
    make: (bench) => {
      bench.source.author("mine", execs("/bin/X"));
      at(bench, "mine");
    },
  },
  {
    what: "the store fails later",
    state: "active",
    reason: "connection refused",
    isStale: true,
    profile: "web",
    make: async (bench) => {
      bench.source.put("web");
      at(bench, undefined, { workloadName: "" });
      await bench.clock.advance(0);
      bench.source.failure = down;
      await bench.clock.advance(TICK_MS);
    },
  },
  {
    what: "an overlay cannot be fetched",
    state: "active",
    reason: "ApplicationProfile ug-deploy-web: connection refused",
    isStale: true,
    profile: "web",
    make: (bench) => {
      bench.source.put("web");
      bench.source.failures.set("ApplicationProfile/shop/ug-deploy-web", down);
      at(bench);
    },
  },
  {
    what: "it is learned again",
    state: "active",
    reason: `the profile's status is "ready": the last final one is used`,
    isStale: true,
    profile: "web",
    make: async (bench) => {
      bench.source.put("web");
      at(bench);
      await bench.clock.advance(0);
      bench.source.put("web", {}, "ready");
      await bench.clock.advance(TICK_MS);
    },
  },
  {
    what: "the newer version has no room",
    state: "active",
    reason: "there is no room for the newer profile in the cache",
    isStale: true,
    profile: "web",
    options: { maxProfileBytes: 2_000 },
    make: async (bench) => {
      bench.source.put("web");
      at(bench);
      await bench.clock.advance(0);
      bench.source.put("web", { syscalls: ["a".repeat(2_000)] });
      await bench.clock.advance(TICK_MS);
    },
  },
  {
    what: "the label names nothing and a profile was learned",
    state: "unbound",
    reason: `${gone}the learned profile is used`,
    profile: "web",
    make: (bench) => {
      bench.source.put("web");
      at(bench, "mine");
    },
  },
  {
    what: "the label names nothing and nothing was learned",
    state: "unbound",
    reason: `${gone}the profile does not exist`,
    make: (bench) => at(bench, "mine"),
  },
  {
    what: "the label names nothing and the profile is being learned",
    state: "unbound",
    reason: `${gone}the profile's status is "ready"`,
    make: (bench) => {
      bench.source.put("web", {}, "ready");
      at(bench, "mine");
    },
  },
  {
    what: "it was removed",
    state: "grace",
    reason: "",
    profile: "web",
    make: async (bench) => {
      bench.source.put("web");
      at(bench);
      await bench.clock.advance(0);
      bench.cache.removeContainer("c1");
    },
  },
  {
    what: "its pod says that it ended",
    state: "grace",
    reason: "",
    profile: "web",
    options: { liveness: () => "ended" },
    make: async (bench) => {
      bench.source.put("web");
      at(bench);
      await bench.clock.advance(TICK_MS);
    },
  },
];

describe("ProfileCache.containers", () => {
  it.each(rows)("says $state of a container when $what", async ({ options, make, ...expected }) => {
    const bench = start(options);
    await make(bench);
    await bench.clock.advance(0);
    const [found, ...others] = bench.cache.containers();
    const { state, reason, isStale, profile } = found ?? {};
    expect({ state, reason, isStale, profile: profile?.name, others }).toEqual({
      state: expected.state,
      reason: expected.reason,
      isStale: expected.isStale ?? false,
      profile: expected.profile,
      others: [],
    });
  });

  it("says as of when the store is known: failures do not move it, and the oldest answer counts", async () => {
    const bench = start();
    const fetchedAtMs = (): number | undefined => [...bench.cache.containers()][0]?.fetchedAtMs;
    bench.source.failures.set("ApplicationProfile/shop/ug-deploy-web", down);
    bench.source.put("web");
    at(bench);
    await bench.clock.advance(0);
    expect([bench.cache.state("c1"), fetchedAtMs()]).toEqual(["active", 0]);
    bench.source.failures.clear();
    await bench.clock.advance(TICK_MS);
    const first = fetchedAtMs();
    expect(first).toBeGreaterThan(0);
    bench.source.failures.set("shop/web", down);
    await bench.clock.advance(TICK_MS);
    // The others were answered later; the profile was not.
    expect(bench.clock.now() - (fetchedAtMs() ?? 0)).toBeGreaterThanOrEqual(TICK_MS);
    bench.source.failures.clear();
    await bench.clock.advance(TICK_MS);
    expect(fetchedAtMs()).toBeGreaterThan(first ?? 0);
  });
});
