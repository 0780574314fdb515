import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { alternateName } from "./alternate-name.ts";
import { podSpecHash } from "./pod-spec-hash.ts";

const spec = {
  containers: [
    {
      name: "backup",
      image: "backup:1",
      env: [
        { name: "DD_INJECT_START_TIME", value: "1" },
        { name: "A", value: "1" },
      ],
      volumeMounts: [
        { name: "kube-api-access-x7k2p", mountPath: "/var/run" },
        { name: "data", mountPath: "/data" },
      ],
    },
  ],
  volumes: [
    { name: "kube-api-access-x7k2p", projected: { sources: [] } },
    { name: "data", emptyDir: {} },
  ],
  hostname: "backup-28391040",
  nodeName: "node-1",
};

describe("podSpecHash", () => {
  it("is FNV-1a over the sorted JSON, in the safe alphabet", () => {
    // FNV-1a of the two characters {} is 1415952421; both steps were computed by another program.
    expect(podSpecHash({})).toBe("5859f96865");
  });

  it("is the same for every run: host name, node, projected volumes and the start time do not count [profile pod-spec hash]", () => {
    const other = {
      nodeName: "node-2",
      volumes: [
        { name: "data", emptyDir: {} },
        { name: "kube-api-access-zzzzz", projected: { sources: [] } },
      ],
      containers: [
        {
          image: "backup:1",
          name: "backup",
          volumeMounts: [
            { name: "data", mountPath: "/data" },
            { name: "kube-api-access-zzzzz", mountPath: "/var/run" },
          ],
          env: [{ name: "A", value: "1" }],
        },
      ],
    };
    expect(podSpecHash(other)).toBe(podSpecHash(spec));
  });

  it("stays when somebody attaches an ephemeral container to a run [profile pod-spec hash]", () => {
    const debugged = { ...spec, ephemeralContainers: [{ name: "debugger", image: "busybox" }] };
    expect(podSpecHash(debugged)).toBe(podSpecHash(spec));
  });

  it("changes with anything else", () => {
    const image = { ...spec, containers: [{ ...spec.containers[0], image: "backup:2" }] };
    expect(podSpecHash(image)).not.toBe(podSpecHash(spec));
    expect(podSpecHash({ ...spec, serviceAccountName: "x" })).not.toBe(podSpecHash(spec));
    expect(podSpecHash(image, { excludePaths: ["containers[*].image"] })).toBe(
      podSpecHash(spec, { excludePaths: [".containers[*].image"] }),
    );
  });

  it("is a part of a name", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.json().map((text) => JSON.parse(text) as unknown),
        ),
        (value) => {
          expect(podSpecHash(value)).toMatch(/^[bcdf4-9]{1,10}$/);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it("refuses what it cannot read", () => {
    let deep: object = {};
    for (let depth = 0; depth < 100; depth += 1) deep = { deep };
    for (const run of [
      () => podSpecHash(undefined),
      () => podSpecHash([]),
      () => podSpecHash(deep),
      () => podSpecHash({}, { excludePaths: ["a[?(@.b)]"] }),
      () => podSpecHash({}, { excludePaths: Array.from({ length: 101 }, () => "a") }),
    ]) {
      expect(run).toThrow(expect.objectContaining({ code: "KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID" }));
    }
  });
});

describe("alternateName of a CronJob's run", () => {
  const nameOf = (job: string) => alternateName("Job", job, undefined, "5d8f7c");

  it("has the hash in place of the time [profile alternate names]", () => {
    expect(nameOf("backup-28391040")).toBe("backup-5d8f7c");
    expect(nameOf("my-nightly-backup-1")).toBe("my-nightly-backup-5d8f7c");
  });

  it("is not used for other jobs, nor without the hash", () => {
    for (const job of [
      "backup",
      "28391040",
      "backup-0",
      "backup-x1",
      "backup-",
      "backup-153722867280912930",
      `b-${"9".repeat(90)}`,
    ]) {
      expect([job, nameOf(job)]).toEqual([job, undefined]);
    }
    expect(nameOf("backup-153722867280912929")).toBe("backup-5d8f7c");
    expect(alternateName("Job", "backup-28391040", undefined)).toBeUndefined();
  });
});
