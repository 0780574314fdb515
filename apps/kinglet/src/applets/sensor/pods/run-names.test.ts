import { createError } from "@kinglet/errors";
import type { ContainerIdentity } from "@kinglet/enrichment";
import { kubeClientErrors } from "@kinglet/kube-client";
import { ManualClock } from "@kinglet/lifecycle";
import { podSpecHash } from "@kinglet/profile";
import { createCapturedLogger } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { RunNames } from "./run-names.ts";

const spec = { containers: [{ name: "backup", image: "backup:1" }] };

function runPod(name: string, uid = `uid-${name}`): ContainerIdentity {
  return {
    containerId: name.padEnd(64, "0"),
    podUid: uid,
    namespace: "shop",
    podName: name,
    containerName: "backup",
    containerType: "containers",
    image: "backup:1",
    imageId: "",
    nodeName: "n1",
    ownerApiVersion: "batch/v1",
    ownerKind: "Job",
    ownerName: "backup-28000000",
    templateHash: "",
  };
}

/** A server whose answers the test gives. */
function opened() {
  const requests: {
    readonly name: string;
    readonly resolve: (pod: unknown) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  const clock = new ManualClock();
  const logger = createCapturedLogger();
  const names = new RunNames({
    client: {
      get: <T>(_: unknown, name: string, options: { readonly signal?: AbortSignal | undefined } = {}) => {
        const { promise, resolve, reject } = Promise.withResolvers<unknown>();
        options.signal?.addEventListener("abort", () => reject(options.signal?.reason as Error));
        requests.push({ name, resolve, reject });
        return promise as Promise<T>;
      },
    },
    clock,
    logger,
    random: () => 0,
  });
  const answer = async (at: number): Promise<void> => {
    const { name, resolve } = requests[at]!;
    resolve({ metadata: { uid: `uid-${name}` }, spec });
    await turn();
  };
  return { names, requests, clock, logger, answer };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const { signal } = new AbortController();
const failure = (code: keyof typeof kubeClientErrors): Error =>
  createError(kubeClientErrors, code, {
    method: "GET",
    path: "/",
    server: "",
    message: "test",
    problem: "test",
    status: 0,
  });

describe("RunNames", () => {
  it("fetches a pod once for all of its containers, and again only after it was forgotten [cronjob naming]", async () => {
    const { names, requests, answer } = opened();
    const both = Promise.all([names.hashOf(runPod("a"), signal), names.hashOf(runPod("a"), signal)]);
    await turn();
    expect(requests.map(({ name }) => name)).toEqual(["a"]);
    await answer(0);
    expect(await both).toEqual([podSpecHash(spec), podSpecHash(spec)]);
    expect(await names.hashOf(runPod("a"), signal)).toBe(podSpecHash(spec));
    expect(requests).toHaveLength(1);
    names.forget("uid-a");
    void names.hashOf(runPod("a"), signal);
    await turn();
    expect(requests).toHaveLength(2);
  });

  it("asks for two pods at a time; one that left while it waited is not asked for [cronjob naming]", async () => {
    const { names, requests, answer } = opened();
    const left = new AbortController();
    const all = ["a", "b", "c", "d"].map((name) => names.hashOf(runPod(name), name === "c" ? left.signal : signal));
    const gone = expect(all[2]).rejects.toThrow("left");
    await turn();
    expect(requests.map(({ name }) => name)).toEqual(["a", "b"]);
    left.abort(new Error("left"));
    await gone;
    await answer(0);
    expect(requests.map(({ name }) => name)).toEqual(["a", "b", "d"]);
    await answer(1);
    await answer(2);
    expect(await Promise.all([all[0], all[1], all[3]])).toEqual(Array(3).fill(podSpecHash(spec)));
  });

  it("tries again with growing pauses while the server fails [cronjob naming]", async () => {
    const { names, requests, clock, answer } = opened();
    const hash = names.hashOf(runPod("a"), signal);
    for (const pauseMs of [1_000, 2_000, 4_000]) {
      await turn();
      requests.at(-1)?.reject(failure("KINGLET_ERR_KUBE_CLIENT_SERVER"));
      await turn();
      const { length } = requests;
      await clock.advance(pauseMs - 1);
      expect(requests).toHaveLength(length);
      await clock.advance(1);
      await turn();
      expect(requests).toHaveLength(length + 1);
    }
    await answer(3);
    expect(await hash).toBe(podSpecHash(spec));
    expect(clock.pendingTimers).toBe(0);
  });

  it("has no hash for a pod that is gone or another by now [cronjob naming]", async () => {
    const { names, requests } = opened();
    const hashes = Promise.all([names.hashOf(runPod("a"), signal), names.hashOf(runPod("b"), signal)]);
    await turn();
    requests[0]?.reject(failure("KINGLET_ERR_KUBE_CLIENT_NOT_FOUND"));
    requests[1]?.resolve({ metadata: { uid: "another" }, spec });
    expect(await hashes).toEqual([undefined, undefined]);
  });

  it("says once that it may not get pods, and each time that one cannot be hashed [cronjob naming]", async () => {
    const { names, requests, logger } = opened();
    for (const name of ["a", "b", "c"]) {
      const hash = names.hashOf(runPod(name), signal);
      await turn();
      if (name === "c") requests.at(-1)?.resolve({ metadata: { uid: "uid-c" }, spec: [] });
      else requests.at(-1)?.reject(failure("KINGLET_ERR_KUBE_CLIENT_FORBIDDEN"));
      expect(await hash).toBeUndefined();
    }
    expect(logger.lines.map((line) => line.message)).toEqual([
      "runs of CronJobs have no profile in common: the sensor may not get pods",
      "a run of a CronJob has no profile in common with the others",
    ]);
  });
});
