import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { connection, decide, deployment, request } from "../../test/decide-review.ts";
import { openDecider } from "../../test/open-webhook.ts";
import { noPrivileged, securityPolicy } from "../../test/security-policy.ts";
import { ImageMetadataCache } from "../images/image-metadata-cache.ts";
import type { ImageMetadataSource } from "../images/image-metadata-source.ts";

describe("undecidedBecause", () => {
  describe("with policies that need images", () => {
    const old = securityPolicy("cve", [{ fieldName: "CVE", values: ["CVE-2026-1"] }], { mode: "deny" });
    const source = (fetch: ImageMetadataSource["fetch"]): ImageMetadataSource => ({ name: "test", fetch });
    const vulnerable = {
      metadata: {
        scan: {
          scanned: 0,
          operatingSystem: "",
          components: [
            {
              name: "lib",
              version: "1",
              vulnerabilities: [
                {
                  id: "CVE-2026-1",
                  cvss: 9,
                  nvdCvss: 9,
                  severity: "CRITICAL",
                  fixedBy: "",
                  firstSeenInImage: 0,
                  firstSeenInSystem: 0,
                  published: 0,
                  fixAvailable: undefined,
                  isSuppressed: false,
                },
              ],
            },
          ],
        },
      },
      bytes: 1000,
    } as const;
    const cache = (clock: ManualClock, fetch: ImageMetadataSource["fetch"]): ImageMetadataCache =>
      new ImageMetadataCache(source(fetch), { clock, metrics: noopMetrics, maxBytes: 100_000 });

    it("does not count them as passed without any: it says so in the message of another denial", async () => {
      const answer = await decide([noPrivileged, old], request());
      expect(answer.message).toContain("1 further policy could not be evaluated");
      expect((await decide([old], request({ object: deployment() }))).auditAnnotations).toEqual({
        "policies-not-evaluated": "1",
      });
    });

    it("asks for images only when the object alone is not refused, and refuses by what comes", async () => {
      const clock = new ManualClock();
      const asked: string[] = [];
      const images = cache(clock, async (reference) => {
        asked.push(reference);
        return vulnerable;
      });
      expect((await decide([noPrivileged, old], request(), { images }, { clock })).outcome).toBe("denied");
      expect(asked).toEqual([]);
      expect(
        (await decide([noPrivileged, old], request({ object: deployment() }), { images }, { clock })).outcome,
      ).toBe("denied");
      expect(asked).toEqual(["registry.example/app:1"]);
    });

    it("does not ask for images that an update leaves as they were, nor for policies that would only be recorded", async () => {
      const clock = new ManualClock();
      let asked = 0;
      const images = cache(clock, async () => {
        asked++;
        return vulnerable;
      });
      const update = request({ operation: "UPDATE", object: deployment(), oldObject: deployment() });
      expect((await decide([old], update, { images }, { clock })).outcome).toBe("allowed");
      const audit = securityPolicy("cve", [{ fieldName: "CVE", values: ["CVE-2026-1"] }], { mode: "audit" });
      expect((await decide([audit], request({ object: deployment() }), { images }, { clock })).outcome).toBe("allowed");
      expect(asked).toBe(0);
    });

    describe.each(["allow", "deny"] as const)("with the default %s", (onTimeout) => {
      const undecided = (why: string): object => ({
        allowed: onTimeout === "allow",
        outcome: "deadline",
        reason: why,
        warnings: [`Kinglet did not evaluate this request: ${why}.`],
        auditAnnotations: { "policies-not-evaluated": "1", undecided: why },
      });
      const create = request({ object: deployment() });

      it("waits until the deadline, and says then that images are missing", async () => {
        const clock = new ManualClock();
        const images = cache(clock, () => new Promise(() => {}));
        const answer = decide([old], create, { images }, { clock, onTimeout });
        await clock.advance(5000);
        expect(await answer).toMatchObject(undecided("what is known about its images did not come in time"));
      });

      it("does not ask for images without time for it, and says so", async () => {
        const clock = new ManualClock();
        const images = cache(clock, async () => vulnerable);
        expect(await decide([old], create, { images }, { clock, onTimeout, leftMs: 100 })).toMatchObject(
          undecided("there was no time to ask about its images"),
        );
      });

      it("says when images cannot be fetched, or too many are being fetched", async () => {
        const clock = new ManualClock();
        const why = undecided("what is known about its images could not be fetched");
        const broken = cache(clock, () => Promise.reject(new Error("no answer")));
        expect(await decide([old], create, { images: broken }, { clock, onTimeout })).toMatchObject(why);
        const options = { clock, metrics: noopMetrics, maxBytes: 100_000, maxFetches: 0 };
        const full = new ImageMetadataCache(
          source(async () => vulnerable),
          options,
        );
        expect(await decide([old], create, { images: full }, { clock, onTimeout })).toMatchObject(why);
      });

      it("decides as ever when the source does not know the image, or nobody provides any", async () => {
        const clock = new ManualClock();
        const images = cache(clock, async () => undefined);
        for (const environment of [{ images }, {}]) {
          expect(await decide([old], create, environment, { clock, onTimeout })).toMatchObject({ outcome: "allowed" });
        }
      });

      it("decides as ever when only policies lack images that would warn", async () => {
        const clock = new ManualClock();
        const images = cache(clock, () => Promise.reject(new Error("no answer")));
        const warning = securityPolicy("cve", [{ fieldName: "CVE", values: ["CVE-2026-1"] }], { mode: "warn" });
        expect(await decide([warning], create, { images }, { clock, onTimeout })).toMatchObject({ outcome: "allowed" });
      });

      it("says what of the cluster is not known yet", async () => {
        const exposure = securityPolicy("exposed", [{ fieldName: "Port Exposure Method", values: ["NODE"] }], {
          mode: "deny",
        });
        const coming = { surroundings: () => ({ services: () => undefined }), isFollowed: () => true };
        expect(await decide([exposure], create, coming, { onTimeout })).toMatchObject(
          undecided("the services of its namespace are not known yet"),
        );
        const without = { ...coming, isFollowed: () => false };
        expect(await decide([exposure], create, without, { onTimeout })).toMatchObject({ outcome: "allowed" });
      });

      it("says that the workload behind a pod is not to be found", async () => {
        const both = securityPolicy(
          "exec-into-privileged",
          [
            { fieldName: "Kubernetes Resource", values: ["PODS_EXEC"] },
            { fieldName: "Privileged Container", values: ["true"] },
          ],
          { actions: ["FAIL_KUBE_REQUEST_ENFORCEMENT"], runtime: true },
        );
        const exec = connection("exec", { container: "app", command: ["sh"] });
        expect(await decide([both], exec, {}, { onTimeout })).toMatchObject(
          undecided("the workload behind the pod was not found"),
        );
      });
    });

    it("asks for the images of what somebody opens a shell in", async () => {
      const clock = new ManualClock();
      const both = securityPolicy(
        "exec-into-vulnerable",
        [
          { fieldName: "Kubernetes Resource", values: ["PODS_EXEC"] },
          { fieldName: "CVE", values: ["CVE-2026-1"] },
        ],
        { actions: ["FAIL_KUBE_REQUEST_ENFORCEMENT"], runtime: true },
      );
      const images = cache(clock, async () => vulnerable);
      const workloads = { stored: async () => undefined, behindPod: async () => deployment() };
      const exec = connection("exec", { container: "app", command: ["sh"] });
      expect((await decide([both], exec, { images, workloads }, { clock })).outcome).toBe("denied");
    });
  });

  it("lets nobody be refused by a default who is let through", async () => {
    const { decider } = await openDecider([noPrivileged], {}, { onTimeout: "deny" });
    const head = request().request;
    expect(decider.isExempt("validate", head)).toBe(false);
    expect(decider.isExempt("validate", { ...head, groups: ["system:nodes"] })).toBe(true);
    expect(decider.isExempt("validate", { ...head, user: "system:serviceaccount:kube-system:x" })).toBe(true);
    const exec = connection("exec", {}).request;
    expect(decider.isExempt("events", exec)).toBe(false);
    expect(decider.isExempt("events", { ...exec, user: "system:serviceaccount:kube-system:x" })).toBe(false);
    expect(decider.isExempt("events", { ...exec, namespace: "kube-system" })).toBe(true);
  });
});
