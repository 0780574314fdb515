import { gzipSync } from "node:zlib";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { request as httpsRequest } from "node:https";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openKubeSim, type KubeSim } from "../../src/index.ts";
import { rawRequest, type RawAnswer } from "../raw-request.ts";

const PODS = "/api/v1/namespaces/default/pods";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const NAMES_OF_PROTOTYPES = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

let sim: KubeSim;

beforeEach(async () => {
  sim = await openKubeSim();
});

afterEach(async () => {
  const { status } = await rawRequest(sim, "GET", "/readyz");
  expect(status, "the server answers afterwards").toBe(200);
  expect(({} as Record<string, unknown>)["polluted"], "no prototype was written to").toBe(undefined);
  await sim.stop();
});

function send(method: string, path: string, body?: unknown, type = "application/json"): Promise<RawAnswer> {
  return rawRequest(sim, method, path, { body, headers: { "content-type": type } });
}

/** Refused by the client's fault, in the words of the API. */
function expectCodedRefusal(answer: RawAnswer, ...codes: number[]): void {
  expect(answer.body).toMatchObject({ kind: "Status", status: "Failure", code: answer.status });
  expect(codes).toContain(answer.status);
}

describe("a body that is too large", () => {
  it("is refused by its announced length", async () => {
    expectCodedRefusal(await send("POST", PODS, `"${"x".repeat(3_145_728)}"`), 413);
  });

  it("is refused as soon as it has become too large, though it never ends", async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${sim.token}`, "content-type": "application/json" };
      const request = httpsRequest(new URL(PODS, sim.server), { method: "POST", agent: false, ca: sim.caPem, headers });
      const part = Buffer.alloc(262_144, 32);
      let isAnswered = false;
      const feed = (error?: Error | null): void => {
        if (!isAnswered && (error === undefined || error === null)) request.write(part, feed);
      };
      request.on("response", (answer) => {
        isAnswered = true;
        resolve(answer.statusCode ?? 0);
        request.destroy();
      });
      request.on("error", (error) => (isAnswered ? undefined : reject(error)));
      feed();
    });
    expect(status).toBe(413);
  });

  it("is not unpacked when it is compressed", async () => {
    const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 }).toString("latin1");
    const answer = await rawRequest(sim, "POST", PODS, { body: packed, headers: { "content-encoding": "gzip" } });
    expectCodedRefusal(answer, 400, 415);
  });
});

describe("nesting", () => {
  const open = (depth: number): string => `{"a":`.repeat(depth) + "1" + "}".repeat(depth);
  const lists = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  it.each([10_000, 200_000])("of %i levels is refused in every encoding and verb", async (depth) => {
    const inData = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"deep"},"data":${open(depth)}}`;
    expectCodedRefusal(await send("POST", CONFIG_MAPS, inData), 400);
    expectCodedRefusal(await send("POST", CONFIG_MAPS, inData, "application/yaml"), 400);
    expectCodedRefusal(await send("POST", CONFIG_MAPS, lists(depth), "application/yaml"), 400);
    expectCodedRefusal(await send("DELETE", `${CONFIG_MAPS}/deep`, inData), 400);
    sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "deep" } });
    for (const kind of ["merge-patch+json", "strategic-merge-patch+json", "json-patch+json"]) {
      expectCodedRefusal(await send("PATCH", `${CONFIG_MAPS}/deep`, open(depth), `application/${kind}`), 400);
    }
    const applied = await send(
      "PATCH",
      `${CONFIG_MAPS}/deep?fieldManager=t`,
      lists(depth),
      "application/apply-patch+yaml",
    );
    expectCodedRefusal(applied, 400);
  });

  it("of YAML blocks is refused", async () => {
    const text = Array.from({ length: 1_200 }, (_, level) => `${" ".repeat(level)}a:`).join("\n");
    expectCodedRefusal(await send("POST", CONFIG_MAPS, text, "application/yaml"), 400);
  });

  it("of protobuf messages is refused", async () => {
    let message = Buffer.alloc(0);
    // JSONSchemaProps.not (field 27) in itself.
    for (let depth = 0; depth < 20_000; depth++) {
      const tag = Buffer.from([((27 << 3) & 127) | 128 | 2, 1]);
      message = Buffer.concat([tag, varint(message.length), message]);
      if (depth === 5_000) break;
    }
    const version = block(7, block(3, block(1, message)));
    const spec = block(2, version);
    const raw = block(2, spec);
    const identity = block(
      1,
      Buffer.concat([
        block(1, Buffer.from("apiextensions.k8s.io/v1")),
        block(2, Buffer.from("CustomResourceDefinition")),
      ]),
    );
    const answer = await sendBytes("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", [
      Buffer.from("k8s\0"),
      identity,
      raw,
    ]);
    expectCodedRefusal(answer, 400, 422);
  });

  it("that a JSON patch builds step by step is refused", async () => {
    sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "deep" } });
    const steps = Array.from({ length: 1_100 }, (_, depth) => ({
      op: "add",
      path: "/data" + "/a".repeat(depth),
      value: {},
    }));
    expectCodedRefusal(await send("PATCH", `${CONFIG_MAPS}/deep`, steps, "application/json-patch+json"), 422);
  });
});

describe("something small that becomes large", () => {
  it("as aliases of YAML is refused", async () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? `a0: &a0 [x,x]`
        : `a${level}: &a${level} [${Array(9)
            .fill(`*a${level - 1}`)
            .join(",")}]`,
    );
    expectCodedRefusal(await send("POST", CONFIG_MAPS, levels.join("\n"), "application/yaml"), 400);
    const long = `a: &a ${"x".repeat(1_000_000)}\nb: [${Array(90).fill("*a").join(",")}]`;
    expectCodedRefusal(await send("POST", CONFIG_MAPS, long, "application/yaml"), 400);
    expectCodedRefusal(
      await send("PATCH", `${CONFIG_MAPS}/y?fieldManager=t`, levels.join("\n"), "application/apply-patch+yaml"),
      400,
    );
    expectCodedRefusal(await send("POST", CONFIG_MAPS, "a: *nowhere", "application/yaml"), 400);
  });

  it("as copies of a JSON patch is refused", async () => {
    sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "copies" }, data: { a: "x".repeat(1000) } });
    const steps = Array.from({ length: 40 }, (_, step) => ({ op: "copy", from: "/data", path: `/data/c${step}` }));
    expectCodedRefusal(await send("PATCH", `${CONFIG_MAPS}/copies`, steps, "application/json-patch+json"), 422);
  });

  it("as messages of protobuf is cut off or refused", async () => {
    for (const length of [Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 127]), Buffer.alloc(4000, 255)]) {
      const answer = await sendBytes(CONFIG_MAPS, [Buffer.from("k8s\0"), Buffer.from([18]), length]);
      expectCodedRefusal(answer, 400);
    }
    expectCodedRefusal(await sendBytes(CONFIG_MAPS, [Buffer.from("k8s\0"), Buffer.from([7, 7, 7])]), 400);
  });
});

describe("names that objects of JavaScript have already", () => {
  it.each(NAMES_OF_PROTOTYPES)("%s as a sub-resource, resource, group or version is not found", async (name) => {
    sim.apply({ apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec: { containers: [] } });
    for (const path of [
      `${PODS}/a/${name}`,
      `/api/v1/${name}`,
      `/api/${name}/pods`,
      `/apis/${name}/v1/things`,
      `/apis/apps/v1/namespaces/default/${name}/x`,
      `/openapi/v3/apis/${name}`,
      `/${name}`,
    ]) {
      const answer = await send("GET", path);
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
  });

  it.each(NAMES_OF_PROTOTYPES)("%s as a key of data, labels and selectors is a key like any other", async (name) => {
    const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"p","labels":{"a":"b"}},"data":{"${name}":"v"}}`;
    const created = await send("POST", CONFIG_MAPS, body);
    expect(created.status).toBe(201);
    expect(Object.entries(created.body.data)).toEqual([[name, "v"]]);
    for (const [kind, patch] of [
      ["merge-patch+json", `{"data":{"${name}":{"polluted":"1"}}}`],
      ["json-patch+json", `[{"op":"add","path":"/data/${name}/polluted","value":"1"}]`],
      ["json-patch+json", `[{"op":"add","path":"/${name}/polluted","value":"1"}]`],
      ["strategic-merge-patch+json", `{"${name}":{"polluted":"1"},"data":{"${name}":"w"}}`],
    ] as const) {
      const answer = await send("PATCH", `${CONFIG_MAPS}/p`, patch, `application/${kind}`);
      expect(answer.status, patch).toBeLessThan(500);
    }
    const applied = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"q"},"data":{"${name}":"v"}}`;
    const answer = await send("PATCH", `${CONFIG_MAPS}/q?fieldManager=t`, applied, "application/apply-patch+yaml");
    expect(answer.status).toBe(201);
    expect(Object.entries(answer.body.data)).toEqual([[name, "v"]]);
    expect((await send("GET", `${CONFIG_MAPS}?labelSelector=${name}`)).status).toBeLessThan(500);
    expectCodedRefusal(await send("GET", `${CONFIG_MAPS}?fieldSelector=${name}%3Dx`), 400);
    const match = await send("GET", `${CONFIG_MAPS}?labelSelector=a%3Db,!constructor`);
    expect(match.body.items).toHaveLength(1);
  });

  it.each(NAMES_OF_PROTOTYPES)("%s as kind, version or type is refused", async (name) => {
    const body = { apiVersion: name, kind: name, metadata: { name: "x" } };
    expectCodedRefusal(await send("POST", CONFIG_MAPS, body), 400);
    expectCodedRefusal(await send("PATCH", `${CONFIG_MAPS}/x`, "{}", name), 415);
    expect((await send("POST", CONFIG_MAPS, body, name)).status).toBeLessThan(500);
    const envelope = block(1, Buffer.concat([block(1, Buffer.from("v1")), block(2, Buffer.from(name))]));
    expectCodedRefusal(await sendBytes(CONFIG_MAPS, [Buffer.from("k8s\0"), envelope]), 400);
    const answer = await rawRequest(sim, "GET", CONFIG_MAPS, { headers: { accept: name } });
    expectCodedRefusal(answer, 406);
    const query = `${CONFIG_MAPS}?limit=${name}`;
    expectCodedRefusal(await send("GET", query), 400);
  });

  it.each(NAMES_OF_PROTOTYPES)(
    "%s as a property of a definition holds what is put there, and nothing else",
    async (name) => {
      const property = JSON.stringify({ type: "string" });
      const definition = (plural: string, properties: string): string =>
        `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"${plural}.x.io"},
      "spec":{"group":"x.io","scope":"Namespaced","names":{"plural":"${plural}","singular":"${plural}","kind":"K${plural}","listKind":"K${plural}List"},
      "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":${properties}}}}}}]}}`;
      const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
      expect((await send("POST", path, definition("withs", `{"${name}":${property}}`))).status).toBe(201);
      expect((await send("POST", path, definition("withouts", `{"other":${property}}`))).status).toBe(201);
      const custom = (plural: string): string =>
        `{"apiVersion":"x.io/v1","kind":"K${plural}","metadata":{"name":"x"},"spec":{"${name}":"v"}}`;
      const kept = await send("POST", "/apis/x.io/v1/namespaces/default/withs", custom("withs"));
      expect({ status: kept.status, spec: Object.entries(kept.body.spec ?? {}) }).toEqual({
        status: 201,
        spec: [[name, "v"]],
      });
      const pruned = await send("POST", "/apis/x.io/v1/namespaces/default/withouts", custom("withouts"));
      expect({ status: pruned.status, spec: Object.entries(pruned.body.spec ?? {}) }).toEqual({
        status: 201,
        spec: [],
      });
    },
  );
});

describe("a request line, a query or a header that is hostile", () => {
  it.each(["//", "///api/v1", "/%", "/api/v1/%zz", "/\\\\", "/api/v1/namespaces/%2e%2e/pods", "/..//..", "/?%"])(
    "%s is answered",
    async (target) => {
      const status = await rawLine(`GET ${target} HTTP/1.1`);
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    },
  );

  it.each(["OPTIONS * HTTP/1.1", "GET http://elsewhere/ HTTP/1.1", "TRACE /api HTTP/1.1", "PROPFIND /api HTTP/1.1"])(
    "%s is answered",
    async (line) => {
      const status = await rawLine(line);
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).toBeLessThan(500);
    },
  );

  it("that is no HTTP or no TLS ends the connection", async () => {
    const { port } = new URL(sim.server);
    await new Promise<void>((resolve) => {
      const socket = connectTcp(Number(port), "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.on("error", () => {});
    });
    expect(await rawLine("\u0000\u0001 nonsense")).toBeGreaterThanOrEqual(400);
  });

  it("with thousands of headers is answered or refused", async () => {
    const many = Array.from({ length: 3_000 }, (_, at) => `x-${at}: 1`).join("\r\n");
    const status = await rawLine(`GET /api HTTP/1.1\r\n${many}`);
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
    const answer = await rawRequest(sim, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
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
    const answer = await send("GET", `${CONFIG_MAPS}?${query}`);
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
    const answer = await send("GET", `${CONFIG_MAPS}?limit=1&continue=${forged}`);
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
    const created = await send("POST", path, definition);
    expect([201, 422]).toContain(created.status);
    if (created.status !== 201) return;
    const body = {
      apiVersion: "x.io/v1",
      kind: "Pattern",
      metadata: { name: "x" },
      spec: { text: `${"a".repeat(20_000)}!` },
    };
    const start = process.cpuUsage();
    const answer = await send("POST", "/apis/x.io/v1/namespaces/default/patterns", body);
    expect([201, 422]).toContain(answer.status);
    expect(process.cpuUsage(start).user / 1e6, "seconds").toBeLessThan(5);
  });

  it.each(["metadata/name", "a".repeat(200_000), `${"a-".repeat(50_000)}`, "A.".repeat(50_000), "%".repeat(1000)])(
    "the name %.20s is refused or taken at once",
    async (name) => {
      const start = process.cpuUsage();
      const body = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, labels: { [name]: name }, annotations: {} },
      };
      expectCodedRefusal(await send("POST", CONFIG_MAPS, body), 422);
      expect(process.cpuUsage(start).user / 1e6, "seconds").toBeLessThan(3);
    },
  );
});

describe("warnings", () => {
  it("of fifty thousand unknown fields fit into the headers of an answer", async () => {
    const extra = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`unknown${at}`, 1]));
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "w" }, ...extra };
    const answer = await send("POST", `${CONFIG_MAPS}?fieldValidation=Warn`, body);
    expect(answer.status).toBe(201);
    expect(Buffer.byteLength(String(answer.headers["warning"]))).toBeLessThan(8_192);
  });

  it("of names that no header can carry as they are", async () => {
    const body = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "w" },
      "名前\u007f\n": 1,
      名前: 2,
      "\u{1f600}": 3,
    };
    const answer = await send("POST", `${CONFIG_MAPS}?fieldValidation=Warn`, body);
    expect(answer.status).toBe(201);
    expect(Buffer.from(String(answer.headers["warning"]), "latin1").toString()).toContain('unknown field \\"名前\\"');
  });
});

describe("slow and many connections", () => {
  it("hold nobody else up", async () => {
    const { port } = new URL(sim.server);
    const sockets = Array.from({ length: 200 }, () =>
      connectTls(
        { port: Number(port), host: "127.0.0.1", ca: sim.caPem, servername: "localhost" },
        function (this: TLSSocket) {
          this.write(
            `POST ${PODS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${sim.token}\r\ncontent-length: 1000\r\n\r\n{`,
          );
        },
      ).on("error", () => {}),
    );
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("secureConnect", resolve))));
    expect((await send("GET", PODS)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  it("may end in the middle of a body", async () => {
    const { port } = new URL(sim.server);
    for (const text of ["content-length: 1000\r\n\r\n{", "transfer-encoding: chunked\r\n\r\n5\r\n{"]) {
      await new Promise<void>((resolve) => {
        const socket = connectTls({ port: Number(port), host: "127.0.0.1", ca: sim.caPem }, () => {
          socket.write(`POST ${PODS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${sim.token}\r\n${text}`, () =>
            socket.destroy(),
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
        openIdleWatch(`${CONFIG_MAPS}?watch=true&resourceVersion=${sim.resourceVersion}`),
      ),
    );
    const data = { text: "x".repeat(10_000) };
    for (let round = 0; round < 300; round++) {
      sim.apply({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "churn" },
        data: { ...data, round: String(round) },
      });
    }
    expect((await send("GET", CONFIG_MAPS)).body.items).toHaveLength(1 + 0);
    for (const close of watches) close();
  });

  it("of a watch for ever end neither at once nor by a timer that overflows", async () => {
    const close = await openIdleWatch(`${CONFIG_MAPS}?watch=true&timeoutSeconds=99999999999999`, true);
    for (let round = 0; round < 5; round++) await send("GET", "/readyz");
    expect(close()).toBe(false);
  });
});

/** @returns what closes it, and says whether it had ended by itself */
function openIdleWatch(path: string, isRead = false): Promise<() => boolean> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${sim.token}` };
    let hasEnded = false;
    const request = httpsRequest(new URL(path, sim.server), { agent: false, ca: sim.caPem, headers }, (answer) => {
      if (isRead) answer.resume();
      else answer.pause();
      answer.on("error", () => {});
      answer.on("close", () => (hasEnded = true));
      resolve(() => {
        const ended = hasEnded;
        request.destroy();
        return ended;
      });
    });
    request.on("error", reject);
    request.end();
  });
}

function token(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

function block(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(content.length), content]);
}

function sendBytes(path: string, parts: readonly Buffer[]): Promise<RawAnswer> {
  const bytes = Buffer.concat(parts);
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${sim.token}`,
      "content-type": "application/vnd.kubernetes.protobuf",
      "content-length": String(bytes.length),
    };
    const request = httpsRequest(
      new URL(path, sim.server),
      { method: "POST", agent: false, ca: sim.caPem, headers },
      async (answer) => {
        let text = "";
        for await (const chunk of answer) text += String(chunk);
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, body: JSON.parse(text) });
      },
    );
    request.on("error", reject);
    request.end(bytes);
  });
}

/** Sends a request line as it is. @returns the status of the answer, 0 when the connection ended without one */
function rawLine(line: string): Promise<number> {
  const { port } = new URL(sim.server);
  return new Promise((resolve) => {
    let text = "";
    const socket = connectTls({ port: Number(port), host: "127.0.0.1", ca: sim.caPem }, () => {
      socket.write(`${line}\r\nhost: x\r\nauthorization: Bearer ${sim.token}\r\nconnection: close\r\n\r\n`);
    });
    socket.on("data", (part) => (text += String(part)));
    socket.on("error", () => {});
    socket.on("close", () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)));
  });
}
