import { readFile, writeFile } from "node:fs/promises";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Finding } from "@kinglet/enrichment";
import { ManualClock } from "@kinglet/lifecycle";
import { createMetrics, noopMetrics } from "@kinglet/metrics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventList, execEvent, recordedAuditLines } from "../../test/recorded-audit-events.ts";
import type { BodyReader, BodyRefusal } from "../webhook/webhook-route.ts";
import type { KubernetesAuditEvent } from "./audit-event.ts";
import { AuditIntake, type AuditIntakeOptions } from "./audit-intake.ts";
import { createKubernetesAuditRoute } from "./create-kubernetes-audit-route.ts";

interface Receiver {
  readonly findings: Finding[];
  room: number;
  open(): BodyReader;
  post(body: string | Buffer, chunkBytes?: number): BodyRefusal | undefined;
}

function receiver(options: Partial<AuditIntakeOptions> = {}): Receiver {
  const findings: Finding[] = [];
  const self: Receiver = {
    findings,
    room: Number.POSITIVE_INFINITY,
    open: () => route.open(),
    post(body, chunkBytes = 65_536) {
      const reader = route.open();
      const bytes = Buffer.from(body);
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        const refusal = reader.push(bytes.subarray(at, at + chunkBytes));
        if (refusal !== undefined) return refusal;
      }
      return reader.end();
    },
  };
  const route = createKubernetesAuditRoute({
    intake: new AuditIntake({ metrics: noopMetrics, clock: new ManualClock(), ...options }),
    queue: {
      offer: (finding) => {
        if (self.room <= 0) return false;
        self.room--;
        findings.push(finding);
        return true;
      },
    },
  });
  return self;
}

const lines = recordedAuditLines();
const goldenFile = join(import.meta.dirname, "../../golden/kubernetes-audit-findings.json");

function list(...events: readonly Record<string, unknown>[]): string {
  return eventList(events.map((event) => JSON.stringify(event)));
}

describe("createKubernetesAuditRoute", () => {
  it("finds in the recorded log exactly what the golden file says, in whatever pieces it comes [kubernetes-audit recorded]", async () => {
    const whole = receiver();
    expect(whole.post(eventList(lines))).toBeUndefined();
    const text = `${JSON.stringify(whole.findings, undefined, 2)}\n`;
    // oxlint-disable-next-line node/no-process-env -- the switch that rewrites golden files
    if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(goldenFile, text);
    expect(text).toBe(await readFile(goldenFile, "utf8"));
    for (const size of [1, 7, 1000]) {
      const pieces = receiver();
      expect(pieces.post(eventList(lines), size)).toBeUndefined();
      expect(pieces.findings).toEqual(whole.findings);
    }
  });

  it("drops repeats of a stage, and the stages that follow the one that was judged [kubernetes-audit repeats]", () => {
    const to = receiver();
    const started = execEvent();
    const complete = execEvent({ stage: "ResponseComplete" });
    for (let turn = 0; turn < 3; turn++) to.post(list(started, complete, started));
    expect(to.findings).toHaveLength(1);
    expect(to.findings[0]?.details["stage"]).toBe("ResponseStarted");
  });

  it("judges the end of an exec when its beginning is not recorded [kubernetes-audit repeats]", () => {
    const to = receiver();
    to.post(
      list(
        execEvent({ stage: "RequestReceived", responseStatus: undefined }),
        execEvent({ stage: "ResponseComplete" }),
      ),
    );
    expect(to.findings).toHaveLength(1);
  });

  it("is not fooled by a client that chooses an audit id which was used before [kubernetes-audit repeats]", () => {
    const to = receiver();
    const harmless = "/api/v1/namespaces/shop/pods/web-1/exec?command=true";
    to.post(list(execEvent({ requestURI: harmless }), execEvent({}), execEvent({ user: { username: "eve" } })));
    to.post(list(execEvent({ requestReceivedTimestamp: "2026-11-20T20:00:00.000000Z" })));
    expect(to.findings).toHaveLength(4);
    expect(new Set(to.findings.map(({ uniqueId }) => uniqueId)).size).toBe(4);
  });

  it("answers 429 when there is no room, and takes the rest when the list comes again [kubernetes-audit repeats]", () => {
    const to = receiver();
    const execs = Array.from({ length: 5 }, (_, at) => execEvent({ auditID: `id-${at}` }));
    to.room = 3;
    expect(to.post(list(...execs))).toMatchObject({ status: 429 });
    to.room = 1;
    expect(to.post(list(...execs))).toMatchObject({ status: 429 });
    to.room = 10;
    expect(to.post(list(...execs))).toBeUndefined();
    expect(to.findings.map(({ details }) => details["auditId"])).toEqual(["id-0", "id-1", "id-2", "id-3", "id-4"]);
  });

  it("remembers so many requests and no more [kubernetes-audit repeats]", () => {
    const to = receiver({ maxRemembered: 2 });
    const [a, b, c] = ["a", "b", "c"].map((auditID) => execEvent({ auditID }));
    to.post(list(a!, b!, a!, c!));
    expect(to.findings).toHaveLength(3);
    // b was used least recently.
    to.post(list(a!, c!));
    expect(to.findings).toHaveLength(3);
    to.post(list(b!));
    expect(to.findings).toHaveLength(4);
  });

  it("gives every event once to whoever wants them all [kubernetes-audit events]", () => {
    const events: KubernetesAuditEvent[] = [];
    const to = receiver({ onEvent: (event) => events.push(event) });
    to.post(eventList(lines));
    to.post(eventList(lines.slice(0, 50)));
    expect(events).toHaveLength(lines.length);
    expect(events[0]).toMatchObject({ auditId: (JSON.parse(lines[0]!) as { auditID: string }).auditID });
    expect(new Set(events.map(({ stage }) => stage))).toEqual(new Set(["ResponseStarted", "ResponseComplete"]));
  });

  it("judges events whose objects are larger than it keeps [kubernetes-audit bounds]", () => {
    const to = receiver();
    const big = { spec: { text: "x".repeat(6_000_000) } };
    expect(
      to.post(list(execEvent({ requestObject: big, responseObject: big, level: "RequestResponse" }))),
    ).toBeUndefined();
    expect(to.findings).toHaveLength(1);
  });

  it("counts what it passes over and takes the rest [kubernetes-audit bounds]", async () => {
    const metrics = createMetrics();
    const to = receiver({ metrics });
    let deep: unknown = "x";
    for (let depth = 0; depth < 300; depth++) deep = [deep];
    const odd = [
      execEvent({ annotations: { a: "x".repeat(9_000_000) } }),
      execEvent({ annotations: deep }),
      { kind: "Pod" },
      { auditID: "x" },
    ];
    expect(to.post(list(...odd, execEvent()))).toBeUndefined();
    expect(to.post('{"items":[1,"x",null,[]]}')).toBeUndefined();
    expect(to.findings.map(({ ruleId }) => ruleId)).toEqual(["K2004", "R2000"]);
    const { text } = await metrics.exposition();
    for (const [outcome, count] of [
      ["too-large", 1],
      ["too-deep", 1],
      ["unusable", 6],
      ["finding", 1],
    ] as const) {
      expect(text).toContain(`kinglet_kubernetes_audit_events_total{outcome="${outcome}"} ${count}`);
    }
  });

  it("judges an exec whose URI is as long as a request's head may be, every character escaped [kubernetes-audit bounds]", () => {
    const to = receiver();
    const long = execEvent({
      requestURI: `/api/v1/namespaces/shop/pods/web-1/exec?x=${"<".repeat(1_048_000)}&command=id&container=app`,
    });
    expect(to.post(eventList([JSON.stringify(long).replaceAll("<", String.raw`\u003c`)]))).toBeUndefined();
    expect(to.findings).toMatchObject([{ ruleId: "R2000", containerName: "app", details: { command: "id" } }]);
  });

  it.each(["requestObject", "responseObject"])(
    "judges an event whose %s is deeper than it follows [kubernetes-audit bounds]",
    (member) => {
      for (const chunkBytes of [7, 1000, 65_536]) {
        const to = receiver();
        const deep = `{"spec":{"a":1},"zzz":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
        const line = JSON.stringify(execEvent()).replace(/\}$/, `,"${member}":${deep},"z":1}`);
        expect(to.post(eventList([line, JSON.stringify(execEvent({ auditID: "next" }))]), chunkBytes)).toBeUndefined();
        expect(to.findings.map(({ ruleId }) => ruleId)).toEqual(["R2000", "R2000"]);
      }
    },
  );

  it("tells a debug container and a stranger's access whatever lies beside what it reads of them [kubernetes-audit bounds]", () => {
    const to = receiver();
    const deep = JSON.parse("[".repeat(300) + "]".repeat(300)) as unknown;
    const requestObject = { spec: { ephemeralContainers: [{ name: "dbg", image: "debug:1" }] }, zzz: deep };
    const pod = { resource: "pods", namespace: "shop", name: "web-1" };
    const patch = {
      stage: "ResponseComplete",
      verb: "patch",
      requestURI: "/api/v1/namespaces/shop/pods/web-1/ephemeralcontainers",
      objectRef: { ...pod, subresource: "ephemeralcontainers" },
      responseStatus: { code: 200 },
      requestObject,
    };
    const read = {
      stage: "ResponseComplete",
      requestURI: "/api/v1/namespaces/shop/pods/web-1",
      objectRef: pod,
      user: { username: "system:anonymous", groups: ["system:unauthenticated"] },
      responseStatus: { code: 200 },
      responseObject: deep,
    };
    expect(to.post(list(execEvent(patch), execEvent(read)))).toBeUndefined();
    expect(to.findings.map(({ ruleId }) => ruleId)).toEqual(["K2001", "K2003"]);
  });

  it("tells a debug container in whose request the body is cut [kubernetes-audit K2001]", () => {
    const to = receiver();
    const patch = execEvent({
      stage: "ResponseComplete",
      verb: "patch",
      requestURI: "/api/v1/namespaces/shop/pods/web-1/ephemeralcontainers",
      objectRef: { resource: "pods", namespace: "shop", name: "web-1", subresource: "ephemeralcontainers" },
      responseStatus: { code: 200 },
      requestReceivedTimestamp: undefined,
      stageTimestamp: undefined,
      requestObject: { spec: { ephemeralContainers: [{ name: "dbg" }] }, zzz: "x".repeat(200_000) },
    });
    for (const bytes of [1000, 50_000, 150_000]) {
      const reader = to.open();
      reader.push(Buffer.from(list(patch)).subarray(0, bytes));
      reader.cut?.();
    }
    to.room = 0;
    const full = to.open();
    full.push(Buffer.from(list({ ...patch, auditID: "other" })).subarray(0, 150_000));
    expect(full.cut?.()).toMatchObject({ status: 429 });
    // Below 64 KiB it might still have been kept: then nothing of it is known to be whole.
    expect(to.findings.map(({ ruleId }) => ruleId)).toEqual(["K2004", "K2001"]);
  });

  it("judges what came of a list that is cut, and tells of the rest once in ten minutes [kubernetes-audit K2004]", async () => {
    const clock = new ManualClock();
    const to = receiver({ clock });
    const cut = (auditID: string): void => {
      const reader = to.open();
      const text = list(execEvent({ auditID }), execEvent({ auditID: "behind" }));
      expect(reader.push(Buffer.from(text.slice(0, -200)))).toBeUndefined();
      reader.cut?.();
    };
    cut("one");
    cut("two");
    expect(to.findings.map(({ ruleId }) => ruleId)).toEqual(["R2000", "K2004", "R2000"]);
    expect(to.findings[1]).toMatchObject({ severity: 5, details: { cutBodies: "1", tooLarge: "0", tooDeep: "0" } });
    await clock.advance(600_000);
    to.room = 0;
    to.open().cut?.();
    to.room = 1;
    to.open().cut?.();
    expect(to.findings[3]).toMatchObject({ ruleId: "K2004", details: { cutBodies: "3" } });
    expect(new Set(to.findings.map(({ uniqueId }) => uniqueId)).size).toBe(4);
  });

  it.each([
    ['{"kind":"Event","items":[]}', "kind is not EventList"],
    ['{"apiVersion":"audit.k8s.io/v1beta1","items":[]}', "apiVersion is not audit.k8s.io/v1"],
    ['{"items":[{"a":1}', "ends too early"],
    ['{"items":[{"a":}]}', "an item is not JSON"],
    ["nonsense", "not JSON"],
  ])("refuses %s with 400 and a reason [kubernetes-audit bounds]", (body, text) => {
    const refusal = receiver().post(body);
    expect(refusal).toMatchObject({ status: 400 });
    expect(refusal?.text).toContain(text);
  });

  it("never throws, whatever the members of an event are [kubernetes-audit bounds]", () => {
    const names = Object.keys(execEvent());
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 2 })), (changes) => {
        const to = receiver();
        to.post(list(execEvent(changes)));
        for (const finding of to.findings) {
          for (const value of [...Object.values(finding.details), finding.message, finding.user, finding.time]) {
            expect(typeof value).toBe("string");
          }
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
