import { gzipSync } from "node:zlib";
import { request as httpsRequest } from "node:https";
import { describe, expect, it } from "vitest";
import { rawRequest } from "../raw-request.ts";
import { attackSim, block, expectCodedRefusal, varint } from "./attack-sim.ts";

const PODS = "/api/v1/namespaces/default/pods";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

const attacked = attackSim();

describe("a body that is too large", () => {
  it("is refused by its announced length [sim 16]", async () => {
    expectCodedRefusal(await attacked.send("POST", PODS, `"${"x".repeat(3_145_728)}"`), 413);
  });

  it("is refused as soon as it has become too large, though it never ends", async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${attacked.sim.token}`, "content-type": "application/json" };
      const request = httpsRequest(new URL(PODS, attacked.sim.server), {
        method: "POST",
        agent: false,
        ca: attacked.sim.caPem,
        headers,
      });
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
    const answer = await rawRequest(attacked.sim, "POST", PODS, {
      body: packed,
      headers: { "content-encoding": "gzip" },
    });
    expectCodedRefusal(answer, 400, 415);
  });
});

describe("nesting", () => {
  const open = (depth: number): string => `{"a":`.repeat(depth) + "1" + "}".repeat(depth);
  const lists = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  it.each([10_000, 200_000])("of %i levels is refused in every encoding and verb", async (depth) => {
    const inData = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"deep"},"data":${open(depth)}}`;
    expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, inData), 400);
    expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, inData, "application/yaml"), 400);
    expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, lists(depth), "application/yaml"), 400);
    expectCodedRefusal(await attacked.send("DELETE", `${CONFIG_MAPS}/deep`, inData), 400);
    attacked.sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "deep" } });
    for (const kind of ["merge-patch+json", "strategic-merge-patch+json", "json-patch+json"]) {
      expectCodedRefusal(await attacked.send("PATCH", `${CONFIG_MAPS}/deep`, open(depth), `application/${kind}`), 400);
    }
    const applied = await attacked.send(
      "PATCH",
      `${CONFIG_MAPS}/deep?fieldManager=t`,
      lists(depth),
      "application/apply-patch+yaml",
    );
    expectCodedRefusal(applied, 400);
  });

  it("of YAML blocks is refused", async () => {
    const text = Array.from({ length: 1_200 }, (_, level) => `${" ".repeat(level)}a:`).join("\n");
    expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, text, "application/yaml"), 400);
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
    const answer = await attacked.sendBytes("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", [
      Buffer.from("k8s\0"),
      identity,
      raw,
    ]);
    expectCodedRefusal(answer, 400, 422);
  });

  it("that a JSON patch builds step by step is refused", async () => {
    attacked.sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "deep" } });
    const steps = Array.from({ length: 1_100 }, (_, depth) => ({
      op: "add",
      path: "/data" + "/a".repeat(depth),
      value: {},
    }));
    expectCodedRefusal(await attacked.send("PATCH", `${CONFIG_MAPS}/deep`, steps, "application/json-patch+json"), 422);
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
    expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, levels.join("\n"), "application/yaml"), 400);
    const long = `a: &a ${"x".repeat(1_000_000)}\nb: [${Array(90).fill("*a").join(",")}]`;
    expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, long, "application/yaml"), 400);
    expectCodedRefusal(
      await attacked.send(
        "PATCH",
        `${CONFIG_MAPS}/y?fieldManager=t`,
        levels.join("\n"),
        "application/apply-patch+yaml",
      ),
      400,
    );
    expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, "a: *nowhere", "application/yaml"), 400);
  });

  it("as copies of a JSON patch is refused", async () => {
    attacked.sim.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "copies" },
      data: { a: "x".repeat(1000) },
    });
    const steps = Array.from({ length: 40 }, (_, step) => ({ op: "copy", from: "/data", path: `/data/c${step}` }));
    expectCodedRefusal(
      await attacked.send("PATCH", `${CONFIG_MAPS}/copies`, steps, "application/json-patch+json"),
      422,
    );
  });

  it("as messages of protobuf is cut off or refused", async () => {
    for (const length of [Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 127]), Buffer.alloc(4000, 255)]) {
      const answer = await attacked.sendBytes(CONFIG_MAPS, [Buffer.from("k8s\0"), Buffer.from([18]), length]);
      expectCodedRefusal(answer, 400);
    }
    expectCodedRefusal(await attacked.sendBytes(CONFIG_MAPS, [Buffer.from("k8s\0"), Buffer.from([7, 7, 7])]), 400);
  });
});

describe("warnings", () => {
  it("of fifty thousand unknown fields fit into the headers of an answer", async () => {
    const extra = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`unknown${at}`, 1]));
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "w" }, ...extra };
    const answer = await attacked.send("POST", `${CONFIG_MAPS}?fieldValidation=Warn`, body);
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
    const answer = await attacked.send("POST", `${CONFIG_MAPS}?fieldValidation=Warn`, body);
    expect(answer.status).toBe(201);
    expect(Buffer.from(String(answer.headers["warning"]), "latin1").toString()).toContain('unknown field \\"名前\\"');
  });
});
