import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { rawRequest } from "../raw-request.ts";
import { attackSim, expectCodedRefusal } from "./attack-sim.ts";

const PODS = "/api/v1/namespaces/default/pods";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

const attacked = attackSim();

describe("a request line, a query or a header that is hostile", () => {
  it.each(["//", "///api/v1", "/%", "/api/v1/%zz", "/\\\\", "/api/v1/namespaces/%2e%2e/pods", "/..//..", "/?%"])(
    "%s is answered",
    async (target) => {
      const status = await attacked.rawLine(`GET ${target} HTTP/1.1`);
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    },
  );

  it.each(["OPTIONS * HTTP/1.1", "GET http://elsewhere/ HTTP/1.1", "TRACE /api HTTP/1.1", "PROPFIND /api HTTP/1.1"])(
    "%s is answered",
    async (line) => {
      const status = await attacked.rawLine(line);
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    },
  );

  it("that is no HTTP or no TLS ends the connection", async () => {
    const { port } = new URL(attacked.sim.server);
    await new Promise<void>((resolve) => {
      const socket = connectTcp(Number(port), "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.on("error", () => {});
    });
    expect(await attacked.rawLine("\u0000\u0001 nonsense")).toBeGreaterThanOrEqual(400);
  });

  it("with thousands of headers is answered or refused", async () => {
    const many = Array.from({ length: 3_000 }, (_, at) => `x-${at}: 1`).join("\r\n");
    const status = await attacked.rawLine(`GET /api HTTP/1.1\r\n${many}`);
    expect([200, 431]).toContain(status);
  });

  it("that impersonates by names of prototypes is answered", async () => {
    const headers = {
      "impersonate-user": "constructor",
      "impersonate-group": "__proto__",
      "impersonate-extra-__proto__": "polluted",
      "impersonate-extra-constructor": "polluted",
    };
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const answer = await rawRequest(attacked.sim, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
      body: review,
      headers,
    });
    expect(answer.status).toBe(201);
  });

  it.each([
    `labelSelector=${"a,".repeat(6_000)}a`,
    `labelSelector=a%20in%20(${"b,".repeat(6_000)})`,
    `labelSelector=a%20in%20(b`,
    `labelSelector=${"(".repeat(5_000)}`,
    `labelSelector=${"!".repeat(5_000)}`,
    `fieldSelector=${"metadata.name!=a,".repeat(700)}`,
    `fieldSelector=${"\\".repeat(5_000)}`,
    "labelSelector=%",
    "limit=-1",
    "limit=999999999999999999",
    "resourceVersion=18446744073709551616&resourceVersionMatch=Exact",
    `resourceVersion=${"9".repeat(10_000)}`,
  ])("%.60s is answered", async (query) => {
    const answer = await attacked.send("GET", `${CONFIG_MAPS}?${query}`);
    expect(answer.status).toBeLessThan(505);
    expect(answer.status === 500).toBe(false);
    expect(answer.body.kind).toMatch(/^(ConfigMapList|Status)$/);
  });

  it.each([
    "x",
    "e30",
    token({ v: "meta.k8s.io/v1", rv: 1, start: "a\u0000" }),
    token({ v: "meta.k8s.io/v1", rv: -1, start: "../../secrets/a\u0000" }),
    token({ v: "meta.k8s.io/v1", rv: 99_999_999, start: "a\u0000" }),
    token({ v: "meta.k8s.io/v1", rv: 1001, start: ["a"] }),
    Buffer.from(`{"v":"meta.k8s.io/v1","rv":${"9".repeat(3_000)},"start":"a"}`).toString("base64url"),
    Buffer.from(`${"[".repeat(5_000)}"rv":1`).toString("base64url"),
  ])("the forged token %.30s gives no page of something else", async (forged) => {
    const answer = await attacked.send("GET", `${CONFIG_MAPS}?limit=1&continue=${forged}`);
    expect([200, 400, 410, 504]).toContain(answer.status);
    expect(answer.body.kind).toMatch(/^(ConfigMapList|Status)$/);
  });
});

describe("patterns and rules", () => {
  it.each([
    "(a+)+$",
    "((a{1000}){1000}){1000}",
    "(((((a*)*)*)*)*)*b",
    "(".repeat(5_000) + ")".repeat(5_000),
    "[a-\\d]",
    "(?=a)",
  ])("%.30s costs no more than the text is long", async (pattern) => {
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "patterns.x.io" },
      spec: {
        group: "x.io",
        scope: "Namespaced",
        names: { plural: "patterns", singular: "pattern", kind: "Pattern", listKind: "PatternList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", properties: { text: { type: "string", pattern } } } },
              },
            },
          },
        ],
      },
    };
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const created = await attacked.send("POST", path, definition);
    expect([201, 422]).toContain(created.status);
    if (created.status !== 201) return;
    const body = {
      apiVersion: "x.io/v1",
      kind: "Pattern",
      metadata: { name: "x" },
      spec: { text: `${"a".repeat(20_000)}!` },
    };
    const start = process.cpuUsage();
    const answer = await attacked.send("POST", "/apis/x.io/v1/namespaces/default/patterns", body);
    expect([201, 422]).toContain(answer.status);
    expect(process.cpuUsage(start).user / 1e6, "seconds").toBeLessThan(5);
  });

  it.each(["metadata/name", "a".repeat(200_000), "a-".repeat(50_000), "A.".repeat(50_000), "%".repeat(1000)])(
    "the name %.20s is refused or taken at once",
    async (name) => {
      const start = process.cpuUsage();
      const body = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, labels: { [name]: name }, annotations: {} },
      };
      expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, body), 422);
      expect(process.cpuUsage(start).user / 1e6, "seconds").toBeLessThan(3);
    },
  );
});

describe("slow and many connections", () => {
  it("hold nobody else up", async () => {
    const { port } = new URL(attacked.sim.server);
    const sockets = Array.from({ length: 200 }, () =>
      connectTls(
        { port: Number(port), host: "127.0.0.1", ca: attacked.sim.caPem, servername: "localhost" },
        function (this: TLSSocket) {
          this.write(
            `POST ${PODS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${attacked.sim.token}\r\ncontent-length: 1000\r\n\r\n{`,
          );
        },
      ).on("error", () => {}),
    );
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("secureConnect", resolve))));
    expect((await attacked.send("GET", PODS)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  it("may end in the middle of a body", async () => {
    const { port } = new URL(attacked.sim.server);
    for (const text of ["content-length: 1000\r\n\r\n{", "transfer-encoding: chunked\r\n\r\n5\r\n{"]) {
      await new Promise<void>((resolve) => {
        const socket = connectTls({ port: Number(port), host: "127.0.0.1", ca: attacked.sim.caPem }, () => {
          socket.write(
            `POST ${PODS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${attacked.sim.token}\r\n${text}`,
            () => socket.destroy(),
          );
        });
        socket.on("error", () => {});
        socket.on("close", () => resolve());
      });
    }
  });

  it("of many watches that read nothing cost no more than the history", async () => {
    const watches = await Promise.all(
      Array.from({ length: 100 }, () =>
        attacked.openIdleWatch(`${CONFIG_MAPS}?watch=true&resourceVersion=${attacked.sim.resourceVersion}`),
      ),
    );
    const data = { text: "x".repeat(10_000) };
    for (let round = 0; round < 300; round++) {
      attacked.sim.apply({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "churn" },
        data: { ...data, round: String(round) },
      });
    }
    expect((await attacked.send("GET", CONFIG_MAPS)).body.items).toHaveLength(1 + 0);
    for (const close of watches) close();
  });

  it("of a watch for ever end neither at once nor by a timer that overflows", async () => {
    const close = await attacked.openIdleWatch(`${CONFIG_MAPS}?watch=true&timeoutSeconds=99999999999999`, true);
    for (let round = 0; round < 5; round++) await attacked.send("GET", "/readyz");
    expect(close()).toBe(false);
  });
});

function token(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}
