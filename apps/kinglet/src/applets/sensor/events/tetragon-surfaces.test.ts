import { readdirSync, readFileSync } from "node:fs";
import { createError } from "@kinglet/errors";
import { kubeClientErrors, type KubeClient, type ListOptions } from "@kinglet/kube-client";
import { noopMetrics } from "@kinglet/metrics";
import { createCapturedLogger, type CapturedLogger } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { tetragonSurfaces } from "./tetragon-surfaces.ts";

const four = ["capabilities", "egressAddresses", "egressDomains", "execs", "opens"];

interface Policy {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec?: object;
}

function named(name: string, spec: object = {}): Policy {
  return { metadata: { name }, spec };
}

class Bench {
  readonly logger: CapturedLogger = createCapturedLogger();
  requests = 0;
  repeats: number | undefined;
  assumed: number | undefined;
  readonly #answer: readonly Policy[] | Error;

  constructor(answer: readonly Policy[] | Error) {
    this.#answer = answer;
  }

  async surfaces(...policies: readonly string[]): Promise<readonly string[]> {
    const list = async (_resource: unknown, { retries }: ListOptions): Promise<unknown> => {
      this.requests += 1;
      this.repeats = retries;
      if (this.#answer instanceof Error) throw this.#answer;
      return { items: this.#answer };
    };
    const gauge = { set: (value: number) => (this.assumed = value), add: () => {} };
    const surfaces = await tetragonSurfaces({
      policies,
      client: { list } as unknown as KubeClient,
      logger: this.logger,
      metrics: { ...noopMetrics, gauge: () => gauge },
    });
    return surfaces.toSorted();
  }
}

function failure(code: keyof typeof kubeClientErrors): Error {
  return createError(kubeClientErrors, code, { message: "no" });
}

describe("tetragonSurfaces", () => {
  it("are those of the policies that the API has, and executions", async () => {
    const bench = new Bench([
      named("kinglet-files"),
      named("kinglet-callers"),
      named("kinglet-kernel"),
      named("other"),
    ]);
    expect(await bench.surfaces("auto")).toEqual(["execs", "ingressAddresses", "ingressDomains", "opens"]);
    expect(await new Bench([]).surfaces("auto")).toEqual(["execs"]);
    expect(bench.assumed).toBe(0);
    expect(bench.logger.messages("warn")).toEqual([]);
  });

  it("are asked for once: an API that says when to try again is not waited for", async () => {
    const bench = new Bench([]);
    await bench.surfaces("auto");
    expect([bench.requests, bench.repeats]).toEqual([1, 0]);
  });

  it("does not count a policy that goes, nor one for some pods only", async () => {
    const going = { metadata: { name: "kinglet-files", deletionTimestamp: "2026-01-01T00:00:00Z" } };
    const some = named("kinglet-syscalls", { podSelector: { matchLabels: { app: "web" } } });
    const others = named("kinglet-names", { containerSelector: { matchExpressions: [] } });
    const all = named("kinglet-network", { podSelector: {} });
    expect(await new Bench([going, some, others, all]).surfaces("auto")).toEqual(["egressAddresses", "execs"]);
  });

  it("are those of the setting, without a request", async () => {
    const bench = new Bench([]);
    expect(await bench.surfaces("files", "syscalls")).toEqual(["execs", "opens", "syscalls"]);
    expect(await bench.surfaces()).toEqual(["execs"]);
    expect(bench.requests).toBe(0);
    expect(bench.assumed).toBe(0);
  });

  it("are assumed, and that is said, where the API does not tell", async () => {
    for (const code of ["NOT_FOUND", "FORBIDDEN", "TIMEOUT"] as const) {
      const bench = new Bench(failure(`KINGLET_ERR_KUBE_CLIENT_${code}`));
      expect(await bench.surfaces("auto")).toEqual(four);
      expect(bench.assumed).toBe(4);
      expect(bench.logger.messages("warn")).toHaveLength(1);
    }
  });

  it("knows every policy of deploy/tetragon that a part of profiles comes from", async () => {
    const folder = new URL("../../../../../../deploy/tetragon/", import.meta.url);
    const names = readdirSync(folder)
      .filter((file) => file.endsWith(".yaml"))
      .map((file) => /^ {2}name: (\S+)$/m.exec(readFileSync(new URL(file, folder), "utf8"))?.[1] ?? file);
    const surfaces = await new Bench(names.map((name) => named(name))).surfaces("auto");
    expect(surfaces).toEqual([...four, "ingressAddresses", "ingressDomains", "syscalls"].toSorted());
  });
});
