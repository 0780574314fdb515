import { readFileSync } from "node:fs";
import { noopLogger } from "@kinglet/logger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeMessage, encodeObject, encodeWatchEvent, envelope } from "../../test/protobuf-oracle.ts";
import { ACCESS, ScriptedTransport, status, type ScriptedAnswer } from "../../test/scripted-transport.ts";
import {
  createKubeClient,
  deployments,
  pods,
  type KubeObject,
  type Projection,
  type ResourceDefinition,
} from "../index.ts";

const PROTOBUF = { "content-type": "application/vnd.kubernetes.protobuf" };
const rules: ResourceDefinition = {
  group: "kubescape.io",
  version: "v1",
  plural: "rules",
  kind: "Rules",
  namespaced: true,
};

function recording(name: string): Buffer {
  return readFileSync(new URL(`../../test/recordings/kinds/${name}`, import.meta.url));
}

function podNamed(name: string, resourceVersion: string): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", uid: `uid-${name}`, resourceVersion },
    spec: { containers: null },
    status: {},
  };
}

function podList(items: readonly object[], metadata: object = { resourceVersion: "7" }): Buffer {
  const raw = encodeMessage("k8s.io.api.core.v1.PodList", { metadata, items });
  return envelope("v1", "PodList", raw);
}

function client(answer: ScriptedAnswer | ((index: number) => ScriptedAnswer)): {
  readonly transport: ScriptedTransport;
  readonly api: ReturnType<typeof createKubeClient>;
} {
  const transport = new ScriptedTransport((_request, index) => (typeof answer === "function" ? answer(index) : answer));
  return { transport, api: createKubeClient(ACCESS, { transport }) };
}

async function watched(chunks: readonly Buffer[], projection?: Projection): Promise<unknown[]> {
  const events: unknown[] = [];
  const { api } = client({ headers: PROTOBUF, chunks });
  for await (const event of api.watch<KubeObject>(pods, { projection })) events.push(event);
  return events;
}

describe("protobuf", () => {
  describe("lists", () => {
    it("ask for protobuf first and for JSON as well, and give what the JSON of the same list gives [client T9]", async () => {
      const { api, transport } = client((index) =>
        index === 0
          ? { headers: PROTOBUF, chunks: [recording("PodList.pb")] }
          : { headers: { "content-type": "application/json" }, chunks: [recording("PodList.json")] },
      );
      const protobuf = await api.list(pods);
      const json = await api.list(pods);
      expect(transport.requests[0]?.headers["accept"]).toBe("application/vnd.kubernetes.protobuf, application/json");
      expect(protobuf).toEqual(json);
      expect(JSON.stringify(protobuf)).not.toContain("managedFields");
    });

    it("are read the same however the chunks are cut", async () => {
      const bytes = podList([podNamed("a", "1"), podNamed("b", "2"), podNamed("c", "3")], {
        resourceVersion: "9",
        continue: "",
      });
      const { api } = client({ headers: PROTOBUF, chunks: [bytes] });
      const whole = await api.list(pods);
      expect(whole.items.map((item) => (item as KubeObject).metadata.name)).toEqual(["a", "b", "c"]);
      for (let cut = 1; cut < bytes.length; cut++) {
        const { api } = client({ headers: PROTOBUF, chunks: [bytes.subarray(0, cut), bytes.subarray(cut)] });
        expect(await api.list(pods)).toEqual(whole);
      }
    });

    it("that are cut off are refused, whatever was delivered before", async () => {
      const bytes = podList([podNamed("a", "1"), podNamed("b", "2")]);
      // The last four bytes are two empty fields after the list: without them it is complete.
      for (let end = 0; end < bytes.length - 4; end++) {
        const { api } = client({ headers: PROTOBUF, chunks: [bytes.subarray(0, end)] });
        await expect(api.list(pods)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_RESPONSE" });
      }
    });

    it("say coded errors of whatever bytes come, and nothing else", async () => {
      const bytes = podList([podNamed("a", "1"), podNamed("b", "2")]);
      const projection = { paths: ["metadata.labels", "spec.containers[].image"] };
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), async (at, byte, isProjected) => {
          const broken = Buffer.from(bytes);
          broken[at] = byte;
          // The change may make a continue token of something: the second page is the last.
          const { api } = client((index) => ({ headers: PROTOBUF, chunks: [index === 0 ? broken : podList([])] }));
          try {
            await api.list(pods, isProjected ? { projection } : {});
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^KINGLET_ERR_KUBE_CLIENT_(RESPONSE|TOO_LARGE)$/);
          }
        }),
        { seed: 1, numRuns: 400 },
      );
    });

    it.each([
      ["a number of more than ten bytes", [0x0a, 11, ...Array.from({ length: 10 }, () => 0xff), 1]],
      ["a length beyond the end", [0x0a, 0x7f, 1]],
      ["a wire type that is none", [0x0b]],
      ["a known field of another wire type", [0x08, 1]],
      ["the field number 0", [0x00, 1]],
    ])("with %s are refused", async (_name, item) => {
      const raw = Buffer.from([0x12, item.length, ...item]);
      const { api } = client({ headers: PROTOBUF, chunks: [envelope("v1", "PodList", raw)] });
      await expect(api.list(pods)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_RESPONSE" });
    });

    it("with messages within messages without end are refused", async () => {
      // JSONSchemaProps.not = 28 is a JSONSchemaProps.
      let schema: Buffer = Buffer.alloc(0);
      for (let depth = 0; depth < 5000; depth++) schema = field(28, schema);
      const item = field(2, field(7, field(4, field(1, schema))));
      const crds: ResourceDefinition = {
        group: "apiextensions.k8s.io",
        version: "v1",
        plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition",
        namespaced: false,
      };
      const bytes = envelope("apiextensions.k8s.io/v1", "CustomResourceDefinitionList", field(2, item));
      const { api } = client({ headers: PROTOBUF, chunks: [bytes] });
      await expect(api.list(crds)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_RESPONSE" });
    });

    it("of an object of more than 16 MiB are refused", async () => {
      const head = podList([]).subarray(0, 4);
      const typeMeta = podList([]).subarray(4, 4 + 2 + podList([])[5]!);
      const length = Buffer.from([0x12, 0x88, 0x80, 0x80, 0x10, 0x12, 0x80, 0x80, 0x80, 0x10]);
      const filler = Buffer.alloc(1 << 20);
      const chunks = [head, typeMeta, length, ...Array.from({ length: 20 }, () => filler)];
      const { api } = client({ headers: PROTOBUF, chunks });
      await expect(api.list(pods)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE" });
    });

    it("throw the Status that comes instead", async () => {
      const gone = {
        apiVersion: "v1",
        kind: "Status",
        status: "Failure",
        code: 410,
        reason: "Expired",
        message: "too old",
      };
      const { api } = client({ headers: PROTOBUF, chunks: [encodeObject(gone)] });
      await expect(api.list(pods)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_GONE" });
    });

    it("throw errors whose bodies are protobuf as those in JSON", async () => {
      const details = { causes: [{ reason: "ResourceVersionTooLarge", message: "Too large" }], retryAfterSeconds: 1 };
      const late = { apiVersion: "v1", kind: "Status", status: "Failure", code: 504, reason: "Timeout", details };
      const { api } = client({ status: 504, headers: PROTOBUF, chunks: [encodeObject(late)] });
      await expect(api.list(pods, { retries: 0 })).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_RESOURCE_VERSION_TOO_LARGE",
        details: { retryAfterSeconds: 1 },
      });
    });

    it("share what equal objects have in common, and let go of the bytes they came from", async () => {
      const labels = { app: "shop", tier: "web" };
      const spec = { containers: [{ name: "app", image: "nginx:1.27" }] };
      const metadata = { namespace: "shop", uid: "u", resourceVersion: "1", labels };
      const items = [
        { metadata: { name: "a", ...metadata }, spec, status: {} },
        { metadata: { name: "b", ...metadata }, spec, status: {} },
      ];
      const { api } = client({ headers: PROTOBUF, chunks: [podList(items)] });
      const projection = { paths: ["metadata.labels", "spec.containers[].name", "spec.containers[].image"] };
      const list = await api.list<{ metadata: { labels: object }; spec: { containers: object[] } }>(pods, {
        projection,
      });
      const [one, other] = list.items;
      expect(one?.metadata.labels).toEqual(labels);
      expect(one?.metadata.labels).toBe(other?.metadata.labels);
      expect(one?.spec.containers).toBe(other?.spec.containers);
    });
  });

  describe("watches", () => {
    it("give the shapes that lists give [client C11]", async () => {
      const projection = { paths: ["apiVersion", "kind", "metadata.labels", "spec.containers[].image"] };
      const object = JSON.parse(recording("Pod.rich.json").toString()) as Record<string, unknown>;
      const { api } = client({ headers: PROTOBUF, chunks: [podList([object])] });
      const list = await api.list(pods, { projection });
      const events = await watched([encodeWatchEvent("ADDED", object)], projection);
      expect(events).toEqual([
        {
          type: "ADDED",
          object: list.items[0],
          resourceVersion: (list.items[0] as KubeObject).metadata.resourceVersion,
        },
      ]);
    });

    it("deliver whole events only, wherever the stream is cut [client W8]", async () => {
      const frames = [encodeWatchEvent("ADDED", podNamed("a", "1")), encodeWatchEvent("DELETED", podNamed("a", "2"))];
      const bytes = Buffer.concat(frames);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const complete = cut === bytes.length ? 2 : cut >= frames[0]!.length ? 1 : 0;
        expect(await watched([bytes.subarray(0, cut)])).toHaveLength(complete);
        expect(await watched([bytes.subarray(0, cut), bytes.subarray(cut)])).toHaveLength(2);
      }
    });

    it("say the version of a bookmark, and when it ends the initial events [client W3]", async () => {
      const plain = { apiVersion: "v1", kind: "Pod", metadata: { resourceVersion: "12" }, spec: { containers: null } };
      const annotations = { "k8s.io/initial-events-end": "true" };
      const last = { ...plain, metadata: { resourceVersion: "13", annotations } };
      expect(await watched([encodeWatchEvent("BOOKMARK", plain), encodeWatchEvent("BOOKMARK", last)])).toEqual([
        {
          type: "BOOKMARK",
          object: { apiVersion: "v1", kind: "Pod", metadata: { resourceVersion: "12" } },
          resourceVersion: "12",
        },
        {
          type: "BOOKMARK",
          object: { apiVersion: "v1", kind: "Pod", metadata: { resourceVersion: "13", annotations } },
          resourceVersion: "13",
          endsInitialEvents: true,
        },
      ]);
    });

    it("throw the Status of an ERROR event [client W5]", async () => {
      const gone = { apiVersion: "v1", kind: "Status", code: 410, reason: "Expired", message: "too old" };
      await expect(watched([encodeWatchEvent("ERROR", gone)])).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_GONE",
      });
    });

    it("leave out objects of another kind [client W13]", async () => {
      const other = { apiVersion: "v1", kind: "Secret", metadata: { name: "x", resourceVersion: "3" } };
      const events = await watched([encodeWatchEvent("ADDED", other), encodeWatchEvent("ADDED", podNamed("a", "4"))]);
      expect(events).toMatchObject([{ object: { metadata: { name: "a" } } }]);
    });

    it("refuse frames of more than 16 MiB [client W9]", async () => {
      await expect(watched([Buffer.from([0x01, 0, 0, 1])])).rejects.toMatchObject({
        code: "KINGLET_ERR_KUBE_CLIENT_TOO_LARGE",
      });
    });
  });

  describe("negotiation", () => {
    it("asks for JSON where a path is newer than the field table, decided and said once [client C11] [client T9]", async () => {
      const seen: unknown[] = [];
      const item = {
        metadata: { name: "a", namespace: "n", uid: "u", resourceVersion: "1" },
        spec: { newer: { x: 1 } },
      };
      const transport = new ScriptedTransport(() => ({
        json: { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [item] },
      }));
      const info = (_message: string, fields?: object): void => void seen.push(fields);
      const api = createKubeClient(ACCESS, { transport, logger: { ...noopLogger, info } });
      const projection = { paths: ["spec.nodeName", "spec.newer.x", "metadata.labels.app", "kind"] };
      for (let index = 0; index < 3; index++) {
        const { items } = await api.list(pods, { projection });
        expect(items).toEqual([{ kind: "Pod", metadata: item.metadata, spec: { newer: { x: 1 } } }]);
      }
      expect(transport.requests.map(({ headers }) => headers["accept"])).toEqual([
        "application/json",
        "application/json",
        "application/json",
      ]);
      expect(seen).toEqual([{ apiVersion: "v1", kind: "Pod", paths: ["spec.newer"] }]);
    });

    it.each([406, 415])("falls back to JSON on %i, for this resource from then on [client T9]", async (code) => {
      const { api, transport } = client((index) =>
        index === 0
          ? status(code, "NotAcceptable")
          : { json: { kind: "PodList", metadata: { resourceVersion: "1" }, items: [] } },
      );
      await api.list(pods);
      await api.list(pods);
      await api.list(deployments);
      expect(transport.requests.map(({ headers }) => headers["accept"])).toEqual([
        "application/vnd.kubernetes.protobuf, application/json",
        "application/json",
        "application/json",
        "application/vnd.kubernetes.protobuf, application/json",
      ]);
    });

    it("asks for custom resources in JSON [client T9]", async () => {
      const { api, transport } = client({ json: { kind: "RulesList", metadata: { resourceVersion: "1" }, items: [] } });
      await api.list(rules);
      expect(transport.requests[0]?.headers["accept"]).toBe("application/json");
    });

    it("asks for metadata alone, of custom resources too [client L10]", async () => {
      const object = { metadata: { name: "a", resourceVersion: "3", labels: { app: "x" } } };
      const raw = encodeMessage("k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList", {
        metadata: { resourceVersion: "4" },
        items: [object],
      });
      const { api, transport } = client({
        headers: PROTOBUF,
        chunks: [envelope("meta.k8s.io/v1", "PartialObjectMetadataList", raw)],
      });
      const list = await api.list(rules, { metadataOnly: true });
      expect(list.items).toEqual([{ apiVersion: "kubescape.io/v1", kind: "Rules", ...object }]);
      const as = "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
      expect(transport.requests[0]?.headers["accept"]).toBe(
        `application/vnd.kubernetes.protobuf;${as}, application/json;${as}, application/json`,
      );
    });

    it("cuts whole objects down to their metadata where the server sends them all the same [client L10]", async () => {
      const { api } = client({
        json: {
          kind: "PodList",
          metadata: { resourceVersion: "1" },
          items: [{ ...podNamed("a", "1"), spec: { nodeName: "n" } }],
        },
      });
      const list = await api.list(pods, { metadataOnly: true });
      expect(list.items).toEqual([{ apiVersion: "v1", kind: "Pod", metadata: podNamed("a", "1")["metadata"] }]);
    });

    it("reads one object as protobuf when a part of it is asked for, and as JSON otherwise", async () => {
      const { api, transport } = client((index) =>
        index === 0
          ? { headers: PROTOBUF, chunks: [recording("Pod.rich.pb")] }
          : { chunks: [recording("Pod.rich.json")] },
      );
      const projection = { paths: ["spec.containers[].image"] };
      const one = await api.get(pods, "rich", { namespace: "kinds", projection });
      expect(one).toEqual(await api.get(pods, "rich", { namespace: "kinds", projection }));
      await api.get(pods, "rich", { namespace: "kinds" });
      expect(transport.requests[2]?.headers["accept"]).toBe("application/json");
    });
  });
});

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
