import type { Finding } from "@kinglet/enrichment";
import { describe, expect, it } from "vitest";
import { execEvent } from "../../test/recorded-audit-events.ts";
import { readAuditEvent } from "./audit-event.ts";
import { judgeAuditEvent } from "./judge-audit-event.ts";

function judge(changes: Readonly<Record<string, unknown>> = {}): Finding | undefined {
  const event = readAuditEvent(execEvent(changes));
  if (event === undefined) throw new Error("no event");
  return judgeAuditEvent(
    event,
    () => "id",
    () => "2026-11-21T00:00:00.000Z",
  );
}

/** An event about a resource. */
function about(path: string, objectRef: object, changes: object = {}): Readonly<Record<string, unknown>> {
  return { requestURI: path, objectRef, responseStatus: { code: 200 }, stage: "ResponseComplete", ...changes };
}

const execObject = { resource: "pods", namespace: "shop", name: "web-1", subresource: "exec" };
const anonymous = { username: "system:anonymous", groups: ["system:unauthenticated"] };

describe("judgeAuditEvent", () => {
  it("tells who ran what where as soon as an exec begins [kubernetes-audit R2000]", () => {
    expect(judge()).toEqual({
      source: "kubernetes-audit",
      ruleId: "R2000",
      ruleName: "Exec to pod",
      severity: 8,
      message: 'Exec to pod: alice ran sh -c "ls /etc" in pod shop/web-1',
      time: "2026-11-20T19:52:24.959323Z",
      namespace: "shop",
      podName: "web-1",
      containerName: "app",
      nodeName: "",
      user: "alice",
      uniqueId: "R2000/id",
      details: {
        outcome: "allowed",
        responseCode: "101",
        verb: "get",
        resource: "pods/exec",
        stage: "ResponseStarted",
        auditId: "3a1280c5-74b4-4e55-a27c-2dfc68a19901",
        sourceIps: "10.0.0.7",
        userAgent: "kubectl/v1.36.3",
        command: 'sh -c "ls /etc"',
        stdin: "true",
        tty: "true",
      },
    });
  });

  it.each([
    [403, "denied", 4, "Exec to pod: alice tried: ran id in pod shop/web-1 (denied: 403)"],
    [401, "denied", 4, "(denied: 401)"],
    [404, "failed", 4, "(failed: 404)"],
    [500, "failed", 4, "(failed: 500)"],
  ])(
    "says of a request that ended with %i that it was %s [kubernetes-audit outcome]",
    (code, outcome, severity, text) => {
      const uri = "/api/v1/namespaces/shop/pods/web-1/exec?command=id";
      const finding = judge({ responseStatus: { code }, requestURI: uri });
      expect(finding).toMatchObject({ severity, details: { outcome } });
      expect(finding?.message).toContain(text);
    },
  );

  it("judges a panic as a failure, and nothing before there is an answer [kubernetes-audit outcome]", () => {
    expect(judge({ stage: "Panic", responseStatus: undefined })).toMatchObject({
      details: { outcome: "failed", responseCode: "no status" },
    });
    expect(judge({ stage: "RequestReceived", responseStatus: undefined })).toBeUndefined();
  });

  it("names both users of an impersonated request [kubernetes-audit R2000]", () => {
    const finding = judge({ impersonatedUser: { username: "bob" } });
    expect(finding).toMatchObject({ user: "alice", details: { impersonatedUser: "bob" } });
    expect(finding?.message).toContain("alice as bob ran");
  });

  it("hides secrets of a command and bounds what outsiders choose [kubernetes-audit redaction]", () => {
    const command = ["curl", "--password", "hunter2hunter2", "https://joe:pw123@x/", "y".repeat(100_000)];
    const query = command.map((part) => `command=${encodeURIComponent(part)}`).join("&");
    const finding = judge({
      requestURI: `/api/v1/namespaces/shop/pods/web-1/exec?${query}`,
      userAgent: "a".repeat(50_000),
      user: { username: "u".repeat(50_000) },
      sourceIPs: Array.from({ length: 5000 }, () => "10.0.0.1"),
      auditID: "i".repeat(50_000),
    });
    const text = JSON.stringify(finding);
    expect(text).not.toMatch(/hunter2|pw123/);
    expect(text.length).toBeLessThan(6000);
  });

  it.each([
    [`x=${"a".repeat(70_000)}&command=id&container=app`],
    [`${"a&".repeat(300_000)}command=id&container=app`],
    [`x=${"&&=".repeat(300_000)}&com%6dand=i%64&%63ontainer=app&container=other`],
    [`command=%zz&command=a;b&command=id&container=app&x=${"%3C".repeat(300_000)}`],
  ])("finds command and container wherever they stand in the query: %.40s [kubernetes-audit R2000]", (query) => {
    const finding = judge({ requestURI: `/api/v1/namespaces/shop/pods/web-1/exec?${query}` });
    expect(finding).toMatchObject({ containerName: "app", details: { command: "id" } });
  });

  it("bounds what it keeps of a command however long it is [kubernetes-audit bounds]", () => {
    const long = judge({ requestURI: `/x?command=${"%41".repeat(340_000)}%4` });
    expect(long?.details["command"]).toHaveLength(1024);
    const many = judge({ requestURI: `/x?${"command=&".repeat(110_000)}` });
    expect(many?.details["command"]!.length).toBeLessThanOrEqual(1024);
  });

  it.each(["garbage", "", "2026-99-99T99:99:99Z", "2026-02-30T00:00:00Z", "2026-11-20 19:52:24Z", "x".repeat(5000)])(
    "never passes on %.30j as a time [kubernetes-audit time]",
    (text) => {
      expect(judge({ stageTimestamp: text })?.time).toBe("2026-11-20T19:52:24.957015Z");
      expect(judge({ stageTimestamp: text, requestReceivedTimestamp: text })?.time).toBe("2026-11-21T00:00:00.000Z");
    },
  );

  it("keeps what outsiders choose on one line [kubernetes-audit redaction]", () => {
    const finding = judge({ user: { username: "a\nb" }, objectRef: { ...execObject, name: "x\u2028\u0000y" } });
    expect(finding).toMatchObject({ user: "a b", podName: "x y" });
    expect(finding?.message).not.toMatch(/[\n\u2028]/);
  });

  it("tells port-forwards, with the ports where the query names them [kubernetes-audit R2001]", () => {
    const objectRef = { resource: "pods", namespace: "shop", name: "web-1", subresource: "portforward" };
    const path = "/api/v1/namespaces/shop/pods/web-1/portforward";
    expect(judge(about(`${path}?ports=8080`, objectRef))).toMatchObject({
      ruleId: "R2001",
      severity: 5,
      message: "Port forward: alice forwarded port 8080 of pod shop/web-1",
      details: { ports: "8080" },
    });
    expect(judge(about(path, objectRef))?.message).toBe("Port forward: alice forwarded ports of pod shop/web-1");
  });

  it("tells attachments [kubernetes-audit K2000]", () => {
    const objectRef = { resource: "pods", namespace: "shop", name: "web-1", subresource: "attach" };
    const path = "/api/v1/namespaces/shop/pods/web-1/attach?container=app&stdin=true";
    expect(judge(about(path, objectRef))).toMatchObject({
      ruleId: "K2000",
      containerName: "app",
      details: { stdin: "true" },
    });
  });

  it("tells debug containers, with what the request says of them, but not a dry run [kubernetes-audit K2001]", () => {
    const objectRef = { resource: "pods", namespace: "shop", name: "web-1", subresource: "ephemeralcontainers" };
    const path = "/api/v1/namespaces/shop/pods/web-1/ephemeralcontainers";
    const requestObject = {
      spec: { ephemeralContainers: [{ name: "dbg", image: "debug:1", targetContainerName: "app" }] },
    };
    expect(judge(about(path, objectRef, { verb: "patch", requestObject }))).toMatchObject({
      ruleId: "K2001",
      containerName: "dbg",
      details: { image: "debug:1", targetContainer: "app" },
    });
    expect(judge(about(path, objectRef, { verb: "update" }))?.message).toContain("(name not recorded)");
    expect(judge(about(`${path}?dryRun=All`, objectRef, { verb: "patch" }))).toBeUndefined();
    expect(judge(about(path, objectRef, { verb: "get" }))).toBeUndefined();
  });

  it.each([
    ["dryRun=All", false],
    ["fieldManager=x&dryRun=All&dryRun=All&pretty", false],
    ["dry%52un=%41ll", false],
    [`dryRun=All${"&a".repeat(99)}`, false],
    [`dryRun=All${"&a".repeat(100)}`, true],
    [`dryRun=All${"&a".repeat(10_001)}`, true],
    [`dryRun=All&x=${"a".repeat(5000)}`, true],
    ["dryRun=All&dryRun=None", true],
    ["dryRun=All&dryRun=", true],
    ["dryRun=all", true],
    ["dryRun", true],
    ["dryRun=All;x=1", true],
    ["a;b&dryRun=All", true],
    ["dryRun=All%zz", true],
    ["dryRun=All%", true],
    ["?dryRun=All", true],
    ["#dryRun=All", true],
    ["dryRun=All#x", true],
    ["dryRun=All%00", true],
    ["DryRun=All", true],
    ["x=dryRun=All", true],
  ])(
    "tells a debug container with the query %.40s unless it is a dry run beyond doubt: %s [kubernetes-audit K2001]",
    (query, isTold) => {
      const objectRef = { resource: "pods", namespace: "shop", name: "web-1", subresource: "ephemeralcontainers" };
      const path = `/api/v1/namespaces/shop/pods/web-1/ephemeralcontainers?${query}`;
      expect(judge(about(path, objectRef, { verb: "patch" })) !== undefined).toBe(isTold);
    },
  );

  it.each([
    ["/api/v1/nodes/n1/proxy/exec/shop/web-1/app?command=id&input=1", "exec", "id", "app"],
    ["/api/v1/nodes/https:n1:10250/proxy//run/shop/web-1/app?cmd=id", "run", "id", "app"],
    ["/api/v1/nodes/n1/proxy/%65xec/shop/web-1/uid-1/app?command=id", "exec", "id", "app"],
    ["/api/v1/nodes/n1/proxy/metrics/..//./exec/shop/web-1/app?command=id", "exec", "id", "app"],
    ["/api/v1/nodes/n1/proxy/run%2Fshop%2Fweb-1%2Fapp?cmd=id", "run", "id", "app"],
    ["/api/v1/nodes/n1/proxy/run%2fshop/web-1/app?cmd=id", "run", "id", "app"],
    ["/api/v1/nodes/n1/proxy/x%2F..%2Frun/shop/web-1/app?cmd=id", "run", "id", "app"],
    ["/api/v1/nodes/n1/proxy/x%2F%2E%2E%2Frun%2Fshop/web-1/app?cmd=id", "run", "id", "app"],
    ["/api/v1/nodes/n1/proxy/../../../../../run/shop/web-1/app?cmd=id", "run", "id", "app"],
    ["/api/v1/nodes/n1/proxy/%2e%2e/%2Frun/shop/web-1/app?cmd=id", "run", "id", "app"],
    ["/api/v1/nodes/n1/proxy/run/shop/web-1/%zz/%/app?cmd=id", "run", "id", "app"],
    ["/api/v1/nodes/n1/proxy/run/shop/web-1/%ff%c3/app?c%6Dd=id", "run", "id", "app"],
    [`/api/v1/nodes/n1/proxy/${"x%2F..%2F".repeat(100_000)}run/shop/web-1/app?cmd=id`, "run", "id", "app"],
    [`/api/v1/nodes/n1/proxy${"/".repeat(100_000)}exec/shop/web-1/app?command=id`, "exec", "id", "app"],
    ["/api/v1/nodes/n1/proxy/portForward/shop/web-1", "portForward", undefined, ""],
  ])(
    "tells commands that go through the kubelet: %.60s [kubernetes-audit K2002]",
    (path, action, command, containerName) => {
      const name = path.split("/")[4]!;
      const finding = judge(about(path, { resource: "nodes", name, subresource: "proxy" }));
      expect(finding).toMatchObject({
        ruleId: "K2002",
        namespace: "shop",
        podName: "web-1",
        containerName,
        nodeName: "n1",
      });
      expect(finding?.details).toMatchObject({ action, ...(command === undefined ? {} : { command }) });
    },
  );

  it("is not led astray by a node that is called proxy [kubernetes-audit K2002]", () => {
    const objectRef = { resource: "nodes", name: "proxy", subresource: "proxy" };
    const finding = judge(about("/api/v1/nodes/proxy/proxy/exec/shop/web-1/app?command=id", objectRef));
    expect(finding).toMatchObject({ ruleId: "K2002", nodeName: "proxy", podName: "web-1" });
  });

  it("tells nothing about other uses of a node's proxy [kubernetes-audit K2002]", () => {
    const objectRef = { resource: "nodes", name: "n1", subresource: "proxy" };
    expect(judge(about("/api/v1/nodes/n1/proxy/metrics", objectRef))).toBeUndefined();
    expect(judge(about("/api/v1/nodes/n1/proxy/logs/exec/", objectRef))).toBeUndefined();
    // The kubelet finds `%2Frun` in its path, not `/run`.
    expect(judge(about("/api/v1/nodes/n1/proxy/%252Frun/shop/web-1/app?cmd=id", objectRef))).toBeUndefined();
    expect(judge(about("/api/v1/nodes/n1/proxy/run;x/shop/web-1/app?cmd=id", objectRef))).toBeUndefined();
  });

  it("tells what strangers were allowed, but not the public cluster-info and not what was refused [kubernetes-audit K2003]", () => {
    const secrets = about("/api/v1/secrets", { resource: "secrets" }, { verb: "list", user: anonymous });
    expect(judge(secrets)).toMatchObject({
      ruleId: "K2003",
      message: "Anonymous access to a resource: system:anonymous did list secrets",
    });
    expect(judge({ ...secrets, responseStatus: { code: 403 } })).toBeUndefined();
    expect(judge({ ...secrets, objectRef: undefined, requestURI: "/healthz" })).toBeUndefined();
    const info = { resource: "configmaps", namespace: "kube-public", name: "cluster-info" };
    expect(judge({ ...secrets, objectRef: info, verb: "get" })).toBeUndefined();
    expect(judge({ ...secrets, objectRef: info, verb: "update" })).toMatchObject({ namespace: "kube-public" });
  });

  it("tells nothing about ordinary requests [kubernetes-audit outcome]", () => {
    expect(judge(about("/api/v1/pods", { resource: "pods" }, { verb: "list" }))).toBeUndefined();
    expect(
      judge(about("/api/v1/namespaces/shop/pods/web-1/log", { resource: "pods", subresource: "log" })),
    ).toBeUndefined();
    expect(judge(about("/version", {}))).toBeUndefined();
  });
});
