import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { InstanceIdParts } from "./instance-id.ts";
import { containerSlug, oneTimeSlug, workloadSlug } from "./slug.ts";

/** Hash digits were computed with sha256sum over the instance id written out by hand. */
const web: InstanceIdParts = {
  apiVersion: "apps/v1",
  namespace: "shop",
  kind: "ReplicaSet",
  name: "web-77b4fdf86c",
  containerType: "containers",
  containerName: "web",
};
const pod = { ...web, apiVersion: "v1", namespace: "default", kind: "Pod" };

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/);
const anyParts = fc.record({
  apiVersion: fc.constantFrom("v1", "apps/v1", "batch/v1"),
  namespace: label,
  kind: fc.constantFrom("Pod", "ReplicaSet", "DaemonSet", "StatefulSet", "Job"),
  name: fc.array(label, { minLength: 1, maxLength: 9 }).map((parts) =>
    parts
      .join(".")
      .slice(0, 253)
      .replace(/[.-]+$/, ""),
  ),
  alternateName: fc.option(label, { nil: undefined }),
  containerType: fc.constantFrom("containers", "initContainers", "ephemeralContainers"),
  containerName: label,
}) satisfies fc.Arbitrary<InstanceIdParts>;

describe("containerSlug", () => {
  it("appends the first and the last four digits of the instance id's hash [profile slugs]", () => {
    expect(containerSlug({ ...pod, name: "reverse-proxy", containerName: "nginx" })).toBe(
      "pod-reverse-proxy-nginx-2f07-68bd",
    );
    expect(containerSlug(web)).toBe("replicaset-web-77b4fdf86c-web-68de-f4f8");
  });

  it("differs between container, init container and ephemeral container", () => {
    expect(containerSlug({ ...web, containerType: "initContainers", containerName: "setup" })).toBe(
      "replicaset-web-77b4fdf86c-setup-2309-e6a4",
    );
    expect(containerSlug({ ...web, containerType: "ephemeralContainers", containerName: "debug" })).toBe(
      "replicaset-web-77b4fdf86c-debug-e157-e914",
    );
  });

  it("uses the alternate name in text and hash", () => {
    const parts = { ...web, namespace: "kube-system", kind: "DaemonSet", name: "fluentd", containerName: "fluentd" };
    expect(containerSlug({ ...parts, alternateName: "fluentd-5d8f7c" })).toBe(
      "daemonset-fluentd-5d8f7c-fluentd-6eb8-c66d",
    );
    expect(containerSlug({ ...parts, alternateName: "" })).toBe(containerSlug(parts));
  });

  it("cuts the text to 243 characters before the tail [profile slugs]", () => {
    const name = "a".repeat(253);
    expect(containerSlug({ ...pod, name, containerName: "c" })).toBe(`pod-${"a".repeat(239)}-8934-0d56`);
  });

  it("is the workload's slug when there is no container name", () => {
    expect(containerSlug({ ...pod, name: "lonely", containerName: "" })).toBe("pod-lonely");
  });

  it("refuses what cannot name an object", () => {
    expect(() => containerSlug({ ...pod, name: "web/app" })).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_PROFILE_INVALID_SLUG" }),
    );
    expect(() => containerSlug({ ...pod, name: "" })).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID" }),
    );
  });

  it("is always a short, lower-case DNS subdomain, and the same for the same parts", () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const slug = containerSlug(parts);
        expect(slug.length).toBeLessThanOrEqual(253);
        expect(slug).toMatch(/^[a-z0-9][a-z0-9.-]*-[0-9a-f]{4}-[0-9a-f]{4}$/);
        expect(slug).toBe(slug.toLowerCase());
        expect(containerSlug({ ...parts })).toBe(slug);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("differs for containers that differ in namespace, type or name", () => {
    fc.assert(
      fc.property(anyParts, label, (parts, other) => {
        fc.pre(other !== parts.namespace && other !== parts.containerName);
        expect(containerSlug({ ...parts, namespace: other })).not.toBe(containerSlug(parts));
        expect(containerSlug({ ...parts, containerName: other })).not.toBe(containerSlug(parts));
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe("workloadSlug", () => {
  it("is kind and name without a hash", () => {
    expect(workloadSlug(web)).toBe("replicaset-web-77b4fdf86c");
  });

  it("gets the tail when the text reaches 243 characters, and not before", () => {
    const text242 = workloadSlug({ ...pod, name: "a".repeat(238), containerName: "c" });
    expect(text242).toBe(`pod-${"a".repeat(238)}`);
    const text243 = workloadSlug({ ...pod, name: "a".repeat(239), containerName: "c" });
    expect(text243).toBe(`pod-${"a".repeat(239)}-3099-95a8`);
  });
});

describe("oneTimeSlug", () => {
  const uuid = "0123abcd-0123-4123-8123-0123456789ab";

  it("is the profile's name and the UUID without dashes", () => {
    expect(oneTimeSlug(web, uuid)).toBe("replicaset-web-77b4fdf86c-web-68de-f4f8-0123abcd0123412381230123456789ab");
    expect(oneTimeSlug({ ...web, containerName: "" }, uuid)).toBe(
      "replicaset-web-77b4fdf86c-0123abcd0123412381230123456789ab",
    );
  });

  it("makes room for the UUID before it cuts the rest [profile one-time slugs]", () => {
    const long = { ...web, name: "a".repeat(253) };
    expect(oneTimeSlug(long, uuid)).toMatch(/^replicaset-a{199}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{32}$/);
    expect(oneTimeSlug(long, uuid)).toHaveLength(253);
    fc.assert(
      fc.property(anyParts, fc.uuid(), (parts, any) => {
        const slug = oneTimeSlug(parts, any);
        expect(slug.length).toBeLessThanOrEqual(253);
        expect(slug.endsWith(any.replaceAll("-", ""))).toBe(true);
        expect(slug).not.toBe(containerSlug(parts));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("refuses what is no UUID", () => {
    expect(() => oneTimeSlug(web, "1")).toThrow(expect.objectContaining({ code: "KINGLET_ERR_PROFILE_INVALID_SLUG" }));
    expect(() => oneTimeSlug(web, `${"a".repeat(31)}/`)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_PROFILE_INVALID_SLUG" }),
    );
  });
});
