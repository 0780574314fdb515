import { setTimeout as delay } from "node:timers/promises";
import { waitFor, type ClusterFixture } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryLimit, noPrivileged } from "../../../../packages/admission/test/security-policy.ts";
import { AdmissionFleet, policiesPath } from "./admission-fleet.ts";
import { ReviewLoad } from "./admission-load.ts";
import { deployment } from "./admission-requests.ts";
import { DryRunLoad } from "./dry-run-load.ts";
import type { LoadReport } from "./load-tally.ts";

/** How long a load goes on before and after what happens, milliseconds. */
const aroundMs = 2000;
/** Time for everything to start before the authority changes, milliseconds. */
const rotateAfterMs = 30_000;
const merge = "application/merge-patch+json";

interface Load extends AsyncDisposable {
  phase(name: string): Promise<LoadReport>;
}

/** What happens to an installation that is asked all the time, and what its callers see of it. */
export function admissionLoadSuite(
  title: string,
  open: () => Promise<ClusterFixture>,
  /**
   * `direct`: reviews at that rate straight to the replicas; `dryRun`: requests of that many clients to the API server, as fast as it answers. The rate is printed with
   * each phase; no test depends on it, as a busy machine gives less.
   */
  kind: { readonly direct: number } | { readonly dryRun: number },
): void {
  describe(title, () => {
    let cluster: ClusterFixture;
    let fleet: AdmissionFleet;
    let load: Load;
    let trusted = "";
    let mayAllowPrivileged = false;
    const stopping = new AbortController();
    let following: Promise<void>;

    const finish = async (name: string, afterMs = aroundMs): Promise<LoadReport> => {
      await delay(afterMs);
      const report = await load.phase(name);
      console.log(JSON.stringify(report));
      return report;
    };
    const expectAll = (report: LoadReport): void => {
      expect(report).toMatchObject({ lost: 0, late: 0, wrong: 0 });
      expect(report.reviews).toBeGreaterThan(100);
    };

    beforeAll(async () => {
      cluster = await open();
      fleet = await AdmissionFleet.open(cluster, { policies: [noPrivileged, memoryLimit], rotateAfterMs });
      const probe = "/apis/apps/v1/namespaces/shop/deployments?dryRun=All";
      await waitFor(async () => (await fleet.call("POST", probe, deployment("probe", true))).status === 403, {
        timeoutMs: 30_000,
        describe: "the first refusal",
      });
      trusted = await fleet.trusted();
      following = (async () => {
        while (!stopping.signal.aborted) {
          // The API server may be away: what was trusted goes on being trusted.
          trusted = await fleet.trusted().catch(() => trusted);
          await delay(100);
        }
      })();
      const isRight = (isPrivileged: boolean, isAllowed: boolean): boolean =>
        isAllowed !== isPrivileged || (isPrivileged && mayAllowPrivileged);
      load =
        "direct" in kind
          ? new ReviewLoad({ endpoints: () => fleet.service.endpoints, trusted: () => trusted, isRight }, kind.direct)
          : new DryRunLoad(cluster, kind.dryRun, isRight);
      // The first reviews load what answers them.
      await finish("start");
    });
    afterAll(async () => {
      stopping.abort();
      await following;
      await load?.[Symbol.asyncDispose]();
      await fleet?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    it("[admission load] answers every review while authority and certificate change", async () => {
      const before = trusted;
      const authorities = (): number => trusted.split("BEGIN CERTIFICATE").length - 1;
      expect(authorities()).toBe(1);
      await waitFor(() => authorities() === 2, {
        timeoutMs: 60_000,
        describe: "the next authority beside the old one",
      });
      await waitFor(() => authorities() === 1 && trusted !== before, {
        timeoutMs: 60_000,
        describe: "the next authority alone",
      });
      const report = await finish("authority and certificate change");
      expectAll(report);
      expect(report.failures).toEqual({});
    });

    it("[admission load] answers every review while one of two ends in order", async () => {
      fleet.replicas[0]?.signal("SIGTERM");
      expect(await fleet.replicas[0]?.ended).toBe(0);
      const report = await finish("SIGTERM of one of two");
      expectAll(report);
      expect(report.failures).toEqual({});
      await fleet.startReplica(0);
    });

    it("[admission load] answers every review while the policies change", async () => {
      mayAllowPrivileged = true;
      const path = `${policiesPath}/privileged`;
      for (const mode of ["warn", "deny", "warn", "deny"]) {
        await fleet.call("PATCH", path, { metadata: { annotations: { "kinglet.dev/mode": mode } } }, merge);
        const probe = "/apis/apps/v1/namespaces/shop/deployments?dryRun=All";
        const expected = mode === "warn" ? 201 : 403;
        // Both replicas have it when several in a row say so.
        let inARow = 0;
        await waitFor(
          async () => {
            const { status } = await fleet.call("POST", probe, deployment("probe", true));
            inARow = status === expected ? inARow + 1 : 0;
            return inARow === 6;
          },
          { timeoutMs: 30_000, describe: `mode ${mode}` },
        );
      }
      const report = await finish("policies change four times");
      mayAllowPrivileged = false;
      expectAll(report);
      expect(report.failures).toEqual({});
    });

    it("[admission load] answers every review while the API server restarts", async () => {
      await cluster.restart();
      const report = await finish("API server restarts");
      expectAll(report);
      if ("direct" in kind) expect(report.failures).toEqual({});
    });

    it("[admission load] loses only what is sent to one of two that was killed before the Service knows", async () => {
      const killed = fleet.replicas[1];
      killed?.signal("SIGKILL");
      await waitFor(() => !fleet.service.endpoints.includes(killed?.port ?? 0), { describe: "the Service to know" });
      const until = await finish("kill -9 of one of two, until the Service knows", 0);
      expect(until).toMatchObject({ late: 0, wrong: 0 });
      // Straight at the replicas the other one is asked; an API server asks nobody twice.
      if ("direct" in kind) expect(until.lost).toBe(0);
      const after = await finish("one replica alone");
      expectAll(after);
      expect(after.failures).toEqual({});
      await fleet.startReplica(1);
      expectAll(await finish("two again"));
    });
  });
}
