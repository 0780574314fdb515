import type { Alert } from "@kinglet/detection";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";

import { createAlert } from "../../test/create-alert.ts";
import { createOverHttp } from "../../test/create-over-http.ts";
import { openHttpReceiver } from "../../test/open-http-receiver.ts";
import { HttpClient } from "./http-client.ts";

const signal = new AbortController().signal;

describe("createHttpExporter", () => {
  it("sends a time where the source gave none, and no metadata of a profile that does not matter [node-agent alert-content]", async () => {
    await using server = await openHttpReceiver();
    await using client = new HttpClient({ clock: new ManualClock() });
    await createOverHttp("http", server.url, client).send([createAlert(1, { time: "not a time" })], { signal });
    const body = JSON.parse(server.received[0]?.body ?? "") as { spec: { alerts: Record<string, unknown>[] } };
    expect(body.spec.alerts[0]).toMatchObject({ timestamp: "2026-08-01T10:00:05.000Z" });
    expect(body.spec.alerts[0]).not.toHaveProperty("profileMetadata");
  });

  it("posts what receivers of the original read, and what of the event the alert is about [node-agent alert-content]", async () => {
    await using server = await openHttpReceiver();
    await using client = new HttpClient({ clock: new ManualClock() });
    const alert: Alert = {
      ...createAlert(1),
      eventKind: "network",
      ruleDescription: "talks to strangers",
      arguments: { ip: "203.0.113.7", port: 443, proto: "TCP" },
      processTree: [{ pid: 40, binary: "/bin/bash", args: "" }],
      profileMetadata: {
        name: "cart",
        status: "completed",
        completion: "partial",
        failOnProfile: true,
        type: 1,
        profileDependency: 0,
        errorMessage: "",
      },
    };
    await createOverHttp("http", server.url, client).send([alert], { signal });
    const body = JSON.parse(server.received[0]?.body ?? "") as { spec: { alerts: unknown[] } };
    expect(body).toMatchObject({ kind: "RuntimeAlerts", apiVersion: "kubescape.io/v1" });
    expect(body.spec.alerts[0]).toMatchObject({
      ruleID: "R0001",
      ruleDescription: "talks to strangers",
      arguments: { ip: "203.0.113.7", port: 443, proto: "TCP", message: alert.message },
      identifiers: { process: { name: "sh" }, network: { dstIP: "203.0.113.7", dstPort: 443, protocol: "TCP" } },
      profileMetadata: { type: 1, profileDependency: 0, failOnProfile: true, errorMessage: "" },
      processTree: { pid: 41, pcomm: "bash", ancestors: [{ pid: 40, path: "/bin/bash" }] },
      podNamespace: "shop",
    });
  });
});

describe("createOtlpExporter", () => {
  it("reports records that the receiver refused in part [sinks O-1]", async () => {
    await using server = await openHttpReceiver();
    await using client = new HttpClient({ clock: new ManualClock() });
    server.respond = (_request, response) =>
      void response.end('{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}');
    const sent = createOverHttp("otlp", server.url, client).send([createAlert(1), createAlert(2)], { signal });
    await expect(sent).rejects.toMatchObject({
      retryable: false,
      details: { rejected: 1, answer: "1 of 2 records: too old" },
    });
    expect(server.received[0]?.path).toBe("/v1/logs");
    const body = JSON.parse(server.received[0]?.body ?? "") as {
      resourceLogs: { scopeLogs: { logRecords: unknown[] }[] }[];
    };
    expect(body.resourceLogs[0]?.scopeLogs[0]?.logRecords[0]).toMatchObject({
      timeUnixNano: "1785578400123000000",
      severityNumber: 17,
    });
  });
});

describe("createAlertmanagerExporter", () => {
  it("posts labels without empty ones and an end an hour from now [node-agent alertmanager]", async () => {
    await using server = await openHttpReceiver();
    await using client = new HttpClient({ clock: new ManualClock() });
    await createOverHttp("alertmanager", `${server.url}/prefix/`, client).send([createAlert(1, { podUid: "" })], {
      signal,
    });
    expect(server.received[0]?.path).toBe("/prefix/api/v2/alerts");
    const [posted] = JSON.parse(server.received[0]?.body ?? "") as { labels: Record<string, string>; endsAt: string }[];
    expect(posted?.labels).toMatchObject({
      alertname: "KubescapeRuleViolated",
      rule_id: "R0001",
      comm: "sh",
      fail_on_profile: "true",
    });
    expect(posted?.labels).not.toHaveProperty("pod_uid");
    expect(posted?.endsAt).toBe("2026-08-01T11:00:05.000Z");
  });

  it("starts no alert after its end, and fills no mail with one [node-agent alertmanager]", async () => {
    await using server = await openHttpReceiver();
    await using client = new HttpClient({ clock: new ManualClock() });
    const ahead = createAlert(1, { time: "2026-08-02T10:00:00Z", message: "€".repeat(100_000) });
    await createOverHttp("alertmanager", server.url, client).send([ahead], { signal });
    const [posted] = JSON.parse(server.received[0]?.body ?? "") as {
      startsAt: string;
      annotations: Record<string, string>;
    }[];
    expect(posted?.startsAt).toBe("2026-08-01T10:00:05.000Z");
    expect(Buffer.byteLength(posted?.annotations["message"] ?? "")).toBe(4095);
  });
});
