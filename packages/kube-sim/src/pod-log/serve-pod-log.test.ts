import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { ManualClock } from "@kinglet/lifecycle";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, type RawAnswer } from "../../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

const POD = "/api/v1/namespaces/shop/pods/web/log";
const START = "2026-01-01T00:00:00Z";

describe("pods/log", () => {
  let clock: ManualClock;
  let sim: KubeSim;
  const pod = (status: object, more: object = {}): void => {
    sim.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web", namespace: "shop" },
      spec: { nodeName: "node-a", containers: [{ name: "app", image: "app:1" }], ...more },
      status,
    });
  };
  const container = (status: object): object => ({ phase: "Running", containerStatuses: [{ name: "app", ...status }] });
  const log = (query = ""): Promise<RawAnswer> => rawRequest(sim, "GET", `${POD}?${query}`);
  const lines = (...numbers: number[]): string => numbers.map((n) => `shop/web/app: line ${n}\n`).join("");

  beforeEach(async () => {
    clock = new ManualClock();
    sim = await openKubeSim({ clock });
    sim.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "node-a" } });
    pod(container({ state: { running: { startedAt: START } } }));
  });
  afterEach(() => sim.stop());

  it("answers a line for every ten seconds since the container started [sim 13]", async () => {
    expect((await log()).text).toBe(lines(1));
    await clock.advance(25_000);
    const answer = await log();
    expect([answer.status, answer.headers["content-type"], answer.text]).toEqual([200, "text/plain", lines(1, 2, 3)]);
  });

  it("cuts as asked: lines from the end, age, bytes; and shows times [sim 13]", async () => {
    await clock.advance(65_000);
    expect((await log("tailLines=2")).text).toBe(lines(6, 7));
    expect((await log("tailLines=0")).text).toBe("");
    expect((await log("sinceSeconds=20")).text).toBe(lines(6, 7));
    expect((await log("sinceTime=2026-01-01T00:00:30Z&tailLines=100")).text).toBe(lines(4, 5, 6, 7));
    expect((await log("limitBytes=25")).text).toBe(lines(1, 2).slice(0, 25));
    expect((await log("timestamps=true&tailLines=1")).text).toBe(`2026-01-01T00:01:00.000000000Z ${lines(7)}`);
  });

  it("goes on with a container that is followed until it ends or the pod goes [sim 13]", async () => {
    const follow = async (): Promise<{ readonly text: () => string; readonly end: Promise<void> }> => {
      let text = "";
      const answer = await new Promise<IncomingMessage>((resolve) => {
        const headers = { authorization: `Bearer ${sim.token}` };
        const url = new URL(`${POD}?follow=true`, sim.server);
        httpsRequest(url, { agent: false, ca: sim.caPem, headers }, resolve).end();
      });
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      return { text: () => text, end: new Promise((resolve) => answer.on("end", () => resolve())) };
    };
    const first = await follow();
    await expect.poll(first.text).toBe(lines(1));
    await clock.advance(20_000);
    await expect.poll(first.text).toBe(lines(1, 2, 3));
    sim.remove("pods", "shop", "web");
    await clock.advance(10_000);
    await first.end;
    expect(first.text()).toBe(lines(1, 2, 3));
    const terminated = { exitCode: 0, startedAt: START, finishedAt: "2026-01-01T00:00:15Z" };
    pod(container({ state: { terminated } }));
    const second = await follow();
    await second.end;
    expect(second.text()).toBe(lines(1, 2));
  });

  it("refuses what the API and a kubelet refuse [sim 13]", async () => {
    const refused = async (query: string): Promise<unknown[]> => {
      const { status, body } = await log(query);
      return [status, body.reason, body.message];
    };
    expect(await refused("container=nope")).toEqual([400, "BadRequest", "container nope is not valid for pod web"]);
    expect(await refused("tailLines=x")).toEqual([400, "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax']);
    const head = 'PodLogOptions "web" is invalid:';
    expect(await refused("tailLines=-1")).toEqual([
      422,
      "Invalid",
      `${head} tailLines: Invalid value: -1: must be greater than or equal to 0`,
    ]);
    expect((await refused("limitBytes=0"))[2]).toBe(`${head} limitBytes: Invalid value: 0: must be greater than 0`);
    expect((await refused("sinceSeconds=0"))[0]).toBe(422);
    expect((await refused(`sinceSeconds=1&sinceTime=${START}`))[0]).toBe(422);
    expect((await refused("previous=true"))[2]).toBe('previous terminated container "app" in pod "web" not found');
    pod(container({ state: { waiting: { reason: "ImagePullBackOff" } } }));
    expect((await refused(""))[2]).toBe('container "app" in pod "web" is waiting to start: ImagePullBackOff');
    sim.remove("nodes", "", "node-a");
    expect(await refused("")).toEqual([404, "NotFound", 'pods "node-a" not found']);
  });

  it("answers the life before a restart, and nothing for a pod without a node [sim 13]", async () => {
    const terminated = { exitCode: 1, startedAt: "2025-12-31T23:59:00Z", finishedAt: "2025-12-31T23:59:15Z" };
    pod(container({ state: { running: { startedAt: START } }, lastState: { terminated } }));
    expect((await log("previous=true&timestamps=true&tailLines=1")).text).toBe(
      `2025-12-31T23:59:10.000000000Z ${lines(2)}`,
    );
    sim.remove("pods", "shop", "web");
    pod({}, { nodeName: "" });
    const answer = await log();
    expect([answer.status, answer.text]).toEqual([204, ""]);
  });
});
