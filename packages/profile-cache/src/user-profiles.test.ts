import { describe, expect, it } from "vitest";

import { TICK_MS, labelled, ref, start } from "../test/cache-fixture.ts";

const execs = (...paths: string[]) => ({ execs: paths.map((path) => ({ path })) });

describe("ProfileCache", () => {
  describe("overlays", () => {
    it("widen the learned profile, the workload's first, then those of the pod's label [cache-test TestUserManagedProfileMerged]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web", { capabilities: ["SYS_PTRACE"], ...execs("/bin/X") });
      source.putAp("ug-deploy-web", { web: execs("/bin/Y") });
      source.putNn("ug-deploy-web", { web: { egress: [{ identifier: "e", dnsNames: ["a.svc."] }] } });
      source.putAp("override", { web: { capabilities: ["NET_BIND_SERVICE"] } });
      cache.addContainer(labelled("c1", "override"));
      await clock.advance(0);
      const { content, origin, status } = cache.get("c1") ?? {};
      expect([origin, status, cache.state("c1")]).toEqual(["learned with overlays", "completed", "active"]);
      expect([content?.wasExecuted("/bin/X"), content?.wasExecuted("/bin/Y")]).toEqual([true, true]);
      expect([content?.usesCapability("SYS_PTRACE"), content?.usesCapability("NET_BIND_SERVICE")]).toEqual([
        true,
        true,
      ]);
      expect(content?.hasDomain("egress", "a.svc")).toBe(true);
      expect(metrics.read("overlays_total", "application,full")).toBe(2);
      expect(metrics.read("overlays_total", "network,full")).toBe(1);
    });

    it("leave what they are put over as it was [cache-test TestOverlayPath_DeepCopies]", async () => {
      const { cache, source, clock } = start();
      source.put("web", execs("/bin/X"));
      source.putAp("ug-deploy-web", { web: execs("/bin/Y") });
      cache.addContainer(ref("plain", "web"));
      cache.addContainer(labelled("c1"));
      await clock.advance(0);
      expect(cache.get("plain")?.content.wasExecuted("/bin/Y")).toBe(false);
      expect(cache.get("c1")?.content.wasExecuted("/bin/Y")).toBe(true);
      expect(source.callsOf("shop/web")).toBeLessThanOrEqual(2);
    });

    it("take effect when they change or are deleted, at the next tick [cache W1] [cache-test TestRefreshRebuildsOnUserAPChange] [cache-test TestT8_EndToEndRefreshUpdatesProjection]", async () => {
      const { cache, source, clock } = start();
      source.put("web", execs("/bin/base"));
      source.putAp("override", { web: execs("/bin/old") });
      cache.addContainer(labelled("c1", "override"));
      await clock.advance(0);
      const allowed = (): boolean[] =>
        ["/bin/base", "/bin/old", "/bin/new"].map((path) => cache.get("c1")?.content.wasExecuted(path) ?? false);
      expect(allowed()).toEqual([true, true, false]);
      source.putAp("override", { web: execs("/bin/new") });
      await clock.advance(TICK_MS);
      expect(allowed()).toEqual([true, false, true]);
      source.objects.delete("ApplicationProfile/shop/override");
      await clock.advance(TICK_MS);
      expect(allowed()).toEqual([true, false, false]);
      expect(cache.state("c1")).toBe("unbound");
      source.putAp("override", { web: execs("/bin/new") });
      await clock.advance(TICK_MS);
      expect(allowed()).toEqual([true, false, true]);
      expect(cache.state("c1")).toBe("active");
    });

    it("keep object and content while nothing changes, with one request per object and tick", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web", execs("/bin/X"));
      source.putAp("override", { web: execs("/bin/Y") });
      source.putNn("override", { web: {} });
      cache.addContainer(labelled("c1", "override", { workloadName: "" }));
      await clock.advance(0);
      const before = cache.get("c1");
      const loads = metrics.read("overlays_total", "application,full");
      source.calls.length = 0;
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBe(before);
      expect(source.calls.map((call) => call.key).toSorted()).toEqual([
        "ApplicationProfile/shop/override",
        "NetworkNeighborhood/shop/override",
        "shop/override",
        "shop/override-web",
        "shop/web",
      ]);
      expect(metrics.read("overlays_total", "application,full")).toBe(loads);
    });

    it.each([
      "ApplicationProfile/shop/ug-deploy-web",
      "NetworkNeighborhood/shop/ug-deploy-web",
      "ApplicationProfile/shop/override",
      "NetworkNeighborhood/shop/override",
    ])(
      "stay in force while %s cannot be fetched [cache-test TestRefreshPreservesEntryOnTransientOverlayError]",
      async (key) => {
        const { cache, source, clock } = start();
        source.put("web", execs("/bin/X"));
        source.putAp("ug-deploy-web", { web: execs("/bin/Y") });
        source.putNn("ug-deploy-web", { web: {} });
        source.putAp("override", { web: execs("/bin/Z") });
        source.putNn("override", { web: {} });
        cache.addContainer(labelled("c1", "override"));
        await clock.advance(0);
        const before = cache.get("c1");
        source.failures.set(key, new Error("timed out"));
        await clock.advance(3 * TICK_MS);
        expect(cache.get("c1")).toBe(before);
        expect([...cache.containers()][0]).toMatchObject({
          isStale: true,
          reason: expect.stringMatching(/timed out$/),
        });
      },
    );

    it("that fail before they were ever seen do not hold up the learned profile, and are asked for again [cache-test TestOverlayLabel_TransientFetchFailure_RefsRetained]", async () => {
      const { cache, source, clock } = start();
      source.put("web", execs("/bin/X"));
      source.putAp("override", { web: execs("/bin/Y") });
      source.failures.set("ApplicationProfile/shop/override", new Error("refused"));
      cache.addContainer(labelled("c1", "override"));
      await clock.advance(0);
      expect(cache.get("c1")?.content.wasExecuted("/bin/X")).toBe(true);
      expect(cache.state("c1")).toBe("active");
      source.failures.clear();
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.content.wasExecuted("/bin/Y")).toBe(true);
    });

    it("alone make no profile: the container stays pending and says what waits [cache W3] [cache-test TestUserDefinedProfileOnly_NoBaseCP]", async () => {
      const { cache, source, clock } = start();
      source.putAp("override", { web: execs("/bin/Y") });
      cache.addContainer(labelled("c1", "override"));
      await clock.advance(0);
      expect(cache.get("c1")).toBeUndefined();
      expect([...cache.containers()][0]).toMatchObject({
        state: "pending",
        reason: "the profile does not exist; ApplicationProfile override waits for it",
      });
      source.put("web", execs("/bin/X"));
      await clock.advance(2_000);
      expect(["/bin/X", "/bin/Y"].map((path) => cache.get("c1")?.content.wasExecuted(path))).toEqual([true, true]);
    });

    it("do not open the gate to a profile that is not final, at no tick [cache W2]", async () => {
      const { cache, source, clock } = start();
      source.putAp("ug-deploy-web", { web: execs("/bin/Y") });
      source.put("web", execs("/bin/X"), "ready");
      cache.addContainer(labelled("c1"));
      await clock.advance(3 * TICK_MS);
      expect(cache.state("c1")).toBe("pending");
      source.put("web", execs("/bin/X"));
      await clock.advance(TICK_MS);
      expect(cache.state("c1")).toBe("active");
    });

    it.each([
      ["edited", "/bin/new"],
      ["deleted", ""],
    ])("that are %s while the profile is being learned again go over its last final content", async (_, edited) => {
      const { cache, source, clock, metrics } = start();
      source.put("web", execs("/bin/X"));
      source.putAp("ug-deploy-web", { web: execs("/bin/old") });
      cache.addContainer(labelled("c1"));
      await clock.advance(0);
      const final = cache.get("c1");
      source.put("web", {}, "ready");
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBe(final);
      expect([...cache.containers()][0]).toMatchObject({
        state: "active",
        isStale: true,
        reason: `the profile's status is "ready": the last final one is used`,
      });
      if (edited === "") source.objects.delete("ApplicationProfile/shop/ug-deploy-web");
      else source.putAp("ug-deploy-web", { web: execs(edited) });
      await clock.advance(TICK_MS);
      const allowed = (): boolean[] =>
        ["/bin/X", "/bin/old", "/bin/new"].map((path) => cache.get("c1")?.content.wasExecuted(path) ?? false);
      expect(allowed()).toEqual([true, false, edited !== ""]);
      expect(cache.get("c1")).toMatchObject({ status: "completed", completion: "complete" });
      const kept = cache.get("c1");
      await clock.advance(2 * TICK_MS);
      expect(cache.get("c1")).toBe(kept);
      source.put("web", execs("/bin/Z"));
      await clock.advance(TICK_MS);
      expect(allowed()).toEqual([false, false, edited !== ""]);
      expect([...cache.containers()][0]).toMatchObject({ reason: "", isStale: false });
      cache.removeContainer("c1");
      await clock.advance(10_000);
      expect(metrics.read("profiles", "distinct")).toBe(0);
      expect(metrics.read("content_bytes")).toBe(0);
    });

    it("that appear while the profile is being learned again go over its last final content", async () => {
      const { cache, source, clock } = start();
      source.put("web", execs("/bin/X"));
      cache.addContainer(labelled("c1"));
      await clock.advance(0);
      source.put("web", {}, "ready");
      source.putAp("ug-deploy-web", { web: execs("/bin/Y") });
      source.putNn("ug-deploy-web", { web: { egress: [{ identifier: "e", ipAddress: "10.0.0.1" }] } });
      await clock.advance(TICK_MS);
      const { content, origin } = cache.get("c1") ?? {};
      expect([content?.wasExecuted("/bin/X"), content?.wasExecuted("/bin/Y"), origin]).toEqual([
        true,
        true,
        "learned with overlays",
      ]);
      expect(content?.hasAddress("egress", "10.0.0.1")).toBe(true);
    });

    it("contribute call stacks and architectures too [cache W14]", async () => {
      const { cache, source, clock } = start();
      source.put("web", execs("/bin/X"));
      const root = { frame: { fileID: "f1", lineno: "10", frameType: 0 }, children: [] };
      source.putAp("ug-deploy-web", { web: { identifiedCallStacks: [{ callID: "r1", callStack: { root } }] } });
      cache.addContainer(labelled("c1"));
      await clock.advance(0);
      expect(cache.get("c1")?.content.callStacks.map(({ callID }) => callID)).toEqual(["r1"]);
    });

    it("that leave out a container of the pod are counted each time and warned about once per version [cache-test TestProjection_UserAP_PartialContainers]", async () => {
      const pod = { containers: ["web", "sidecar"], initContainers: [], ephemeralContainers: [] };
      const { cache, source, clock, metrics, lines } = start({ podContainers: () => pod });
      source.put("web", execs("/bin/X"));
      source.putAp("ug-deploy-web", { web: execs("/bin/Y") });
      cache.addContainer(labelled("c1"));
      await clock.advance(0);
      source.put("web", execs("/bin/Z"));
      await clock.advance(TICK_MS);
      expect(metrics.read("overlays_total", "application,partial")).toBe(2);
      expect(lines.filter((line) => line.fields["overlay"] === "ug-deploy-web")).toMatchObject([
        { level: "warn", fields: { missing: ["sidecar"] } },
      ]);
    });

    it("over equal learned profiles are merged once and held once [cache W13]", async () => {
      const { cache, source, clock, metrics } = start();
      for (const name of ["web", "web-2"]) source.put(name, execs("/bin/X"));
      source.putAp("ug-deploy-web", { web: execs("/bin/Y") });
      cache.addContainer(labelled("c1"));
      await clock.advance(0);
      cache.addContainer(labelled("c2", undefined, { profileName: "web-2" }));
      await clock.advance(0);
      expect(cache.get("c1")?.content).toBe(cache.get("c2")?.content);
      expect(metrics.read("overlays_total", "application,full")).toBe(1);
      // The merged one, and what was learned, in case that overlays change while it is being learned again.
      expect(metrics.read("profiles", "distinct")).toBe(2);
    });
  });

  describe("an authored profile", () => {
    it("replaces the learned one and the overlays, and counts as completed [cache-test TestOverlayPath_UserDefinedCP_NewWay]", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web", execs("/bin/learned"));
      source.putAp("ug-deploy-web", { web: execs("/bin/overlay") });
      source.author("mine", execs("/bin/authored"));
      cache.addContainer(labelled("c1", "mine"));
      await clock.advance(0);
      const held = cache.get("c1");
      expect(held).toMatchObject({ name: "mine", status: "completed", completion: "complete", origin: "authored" });
      const paths = ["/bin/learned", "/bin/overlay", "/bin/authored"];
      expect(paths.map((path) => held?.content.wasExecuted(path))).toEqual([false, false, true]);
      expect(metrics.read("labels_total", "adopted,shop")).toBe(1);
    });

    it("that was made of a learned one still says what nobody looked at then; any other one leaves nothing open [cache observed]", async () => {
      const { cache, source, clock } = start();
      const stored = source.author("mine", execs("/bin/authored"));
      source.author("own", execs("/bin/authored"));
      const annotations = { "kinglet.dev/observed-surfaces": "egressDomains,endpoints,execs,opens,syscalls" };
      source.objects.set("shop/mine", { ...stored, metadata: { ...stored.metadata, annotations } });
      cache.addContainer(labelled("c1", "mine"));
      cache.addContainer(labelled("c2", "own"));
      await clock.advance(0);
      expect(cache.get("c1")).toMatchObject({ origin: "authored", status: "completed" });
      expect(cache.get("c1")?.unobserved).toEqual([
        "capabilities",
        "egressAddresses",
        "ingressAddresses",
        "ingressDomains",
      ]);
      expect(cache.get("c2")?.unobserved).toEqual([]);
    });

    it("of the container's name comes before the one of the bare label, also when it comes later [cache-test TestUserDefinedCP_PerContainerBinding] [cache-test TestUserDefinedCP_SingleContainerBareFallback]", async () => {
      const { cache, source, clock } = start();
      source.author("mine", execs("/bin/bare"));
      cache.addContainer(labelled("c1", "mine"));
      await clock.advance(0);
      expect(cache.get("c1")?.name).toBe("mine");
      source.author("mine-web", execs("/bin/own"));
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.name).toBe("mine-web");
      source.objects.delete("shop/mine-web");
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.name).toBe("mine");
    });

    it("is not replaced by the bare label's while its own cannot be fetched [cache-test TestUserDefinedCP_CPFetchTransientError_RecordsUserCPRef] [cache-test TestRefresh_AuthoredCP_NotFoundUnpinsVsTransientKeeps]", async () => {
      const { cache, source, clock } = start();
      source.author("mine", execs("/bin/bare"));
      source.author("mine-web", execs("/bin/own"));
      source.failures.set("shop/mine-web", new Error("refused"));
      cache.addContainer(labelled("c1", "mine"));
      await clock.advance(0);
      expect([...cache.containers()][0]).toMatchObject({
        state: "pending",
        reason: "ContainerProfile mine-web: refused",
      });
      source.failures.clear();
      await clock.advance(2_000);
      const held = cache.get("c1");
      expect(held?.name).toBe("mine-web");
      source.failures.set("shop/mine-web", new Error("refused"));
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBe(held);
    });

    it("with sections gives each container its own and no other [cache-test TestResolveAuthoredContainerSection] [cache-test TestUserDefinedCP_GroupedDocumentPerSubtype] [cache-test TestResolveAuthoredSection_SharedNarrative]", async () => {
      const { cache, source, clock } = start();
      const sections = {
        architectures: ["amd64"],
        containers: [{ name: "app", ...execs("/bin/app") }],
        initContainers: [{ name: "setup", ...execs("/bin/setup") }],
        ephemeralContainers: [{ name: "debug", ...execs("/bin/debug") }],
      };
      source.author("mine", sections);
      for (const containerName of ["app", "setup", "debug", "other"]) {
        cache.addContainer(labelled(containerName, "mine", { containerName, profileName: `learned-${containerName}` }));
      }
      await clock.advance(0);
      for (const own of ["app", "setup", "debug"]) {
        const allowed = ["app", "setup", "debug"].filter((name) => cache.get(own)?.content.wasExecuted(`/bin/${name}`));
        expect(allowed).toEqual([own]);
      }
      expect(cache.get("other")).toBeUndefined();
      expect(cache.state("other")).toBe("unbound");
    });

    it("with a status was learned, and no label adopts it [cache-test TestUserDefinedCP_LearnedProfileIgnored]", async () => {
      const { cache, source, clock } = start();
      source.put("mine", execs("/bin/else"), "completed");
      source.put("web", execs("/bin/X"));
      cache.addContainer(labelled("c1", "mine"));
      await clock.advance(0);
      expect(cache.get("c1")).toMatchObject({ name: "web", origin: "learned" });
      expect(cache.state("c1")).toBe("unbound");
    });

    it("is followed when it is edited, although nothing was learned [cache-test TestRefreshReflectsAuthoredCPEdit_RVFreezeProof] [cache-test TestRefreshUserCP_NoLearnedCP] [cache-test TestRefreshUserCP_FastSkipWhenRVsMatch] [cache-test TestRefreshUserCP_RebuildWhenUserCPRVChanges]", async () => {
      const { cache, source, clock } = start();
      source.author("mine", execs("/bin/one"));
      cache.addContainer(labelled("c1", "mine"));
      await clock.advance(0);
      const before = cache.get("c1");
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBe(before);
      source.author("mine", execs("/bin/two"));
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.content.wasExecuted("/bin/two")).toBe(true);
    });

    it("gives way when it is deleted: to a final learned profile, else to nothing", async () => {
      const { cache, source, clock, metrics } = start();
      source.put("web", execs("/bin/X"), "ready");
      source.author("mine", execs("/bin/authored"));
      cache.addContainer(labelled("c1", "mine"));
      await clock.advance(0);
      source.objects.delete("shop/mine");
      await clock.advance(TICK_MS);
      expect(cache.get("c1")).toBeUndefined();
      expect(metrics.read("evictions_total", "profile_deleted")).toBe(1);
      source.put("web", execs("/bin/X"));
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.name).toBe("web");
      source.author("mine", execs("/bin/authored"));
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.name).toBe("mine");
      source.objects.delete("shop/mine");
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.name).toBe("web");
    });
  });

  describe("a label that names nothing", () => {
    it("is said: state, reason, metric, one warning; the learned profile is used meanwhile", async () => {
      const { cache, source, clock, metrics, lines } = start();
      source.put("web", execs("/bin/X"));
      for (const id of ["c1", "c2"]) cache.addContainer(labelled(id, "mine"));
      cache.addContainer(labelled("c3", "mine", { profileName: "missing" }));
      await clock.advance(TICK_MS);
      expect(cache.get("c1")?.name).toBe("web");
      expect([...cache.containers()].map(({ state, reason }) => [state, reason])).toEqual([
        ["unbound", `the pod's label names "mine", which nothing is found under; the learned profile is used`],
        ["unbound", `the pod's label names "mine", which nothing is found under; the learned profile is used`],
        ["unbound", `the pod's label names "mine", which nothing is found under; the profile does not exist`],
      ]);
      expect(metrics.read("containers", "unbound")).toBe(3);
      expect(metrics.read("labels_total", "unresolved,shop")).toBe(2);
      expect(lines.filter((line) => line.level === "warn")).toHaveLength(1);
    });

    it("is asked for again before the tick", async () => {
      const { cache, source, clock } = start();
      source.put("web", execs("/bin/X"));
      cache.addContainer(labelled("c1", "mine"));
      await clock.advance(0);
      source.author("mine", execs("/bin/authored"));
      await clock.advance(2_000);
      expect([cache.get("c1")?.name, cache.state("c1")]).toEqual(["mine", "active"]);
    });

    it("and is empty is no label", async () => {
      const { cache, source, clock } = start();
      source.put("web", execs("/bin/X"));
      cache.addContainer(labelled("c1", ""));
      await clock.advance(0);
      expect([cache.state("c1"), source.callsOf("shop/")]).toEqual(["active", 0]);
    });
  });
});
