import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Interner } from "../interner.ts";
import { compileProjection, createShape, type Projection } from "../projection.ts";
import { readUnknown } from "./envelope.ts";
import type { ProtobufDecoder, ProtobufDecoderFactory } from "./protobuf-decoder.ts";
import { setKey } from "./set-key.ts";
import { createTableDecoder } from "./table-decoder.ts";
import { WireReader } from "./wire-reader.ts";
import { writeDecoder } from "./write-decoder.ts";

const recordings = new URL("../../test/recordings/kinds/", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "kinglet-decoders-"));
afterAll(() => rmSync(folder, { recursive: true }));

const CASES: readonly [kind: string, apiVersion: string, paths: readonly string[]][] = [
  [
    "Pod",
    "v1",
    [
      "apiVersion",
      "kind",
      "metadata.labels",
      'metadata.annotations["example.com/team"]',
      "metadata.ownerReferences[].kind",
      "metadata.creationTimestamp",
      "spec.containers[].name",
      "spec.containers[].image",
      "spec.containers[].resources",
      "spec.containers[].ports[].containerPort",
      "spec.initContainers[].name",
      "spec.initContainers[].image",
      "spec.volumes",
      "spec.tolerations",
      "spec.hostNetwork",
      "spec.terminationGracePeriodSeconds",
      "status.phase",
      "status.conditions[].type",
      "status.conditions[].lastTransitionTime",
      "status.podIPs",
    ],
  ],
  ["Deployment", "apps/v1", ["metadata", "spec", "status.replicas"]],
  ["StatefulSet", "apps/v1", ["spec.volumeClaimTemplates[].kind", "spec.volumeClaimTemplates[].metadata.name"]],
  ["Service", "v1", ["spec.ports", "spec.selector", "spec.clusterIP"]],
  ["ConfigMap", "v1", ["data", "binaryData", "immutable"]],
  ["ClusterRole", "rbac.authorization.k8s.io/v1", ["rules", "aggregationRule"]],
  ["Node", "v1", ["status.capacity", "status.nodeInfo.kubeletVersion", "spec.taints"]],
  ["Lease", "coordination.k8s.io/v1", ["spec"]],
  ["NetworkPolicy", "networking.k8s.io/v1", ["spec.podSelector", "spec.ingress[].ports"]],
];

async function compile(name: string, text: string): Promise<ProtobufDecoder> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, text);
  const module = (await import(/* @vite-ignore */ file)) as { readonly createDecoder: ProtobufDecoderFactory };
  return module.createDecoder({ createShape, setKey });
}

function run(decoder: ProtobufDecoder, bytes: Buffer): unknown {
  const reader = new WireReader();
  reader.begin(bytes, 0, bytes.length);
  const { rawStart, rawEnd } = readUnknown(reader, bytes.length);
  reader.begin(bytes, rawStart, rawEnd);
  const object = decoder(reader, rawEnd);
  reader.end(rawEnd);
  return object;
}

describe("writeDecoder", () => {
  describe.each(CASES)("for %s of %s", (kind, apiVersion, paths) => {
    const projection: Projection = { paths };
    const names = readdirSync(recordings).filter((name) => name.startsWith(`${kind}.`) && name.endsWith(".pb"));

    it.each(names)(
      "decodes %s to what the table decodes and to what its JSON is projected to [client T9]",
      async (name) => {
        const bytes = readFileSync(new URL(name, recordings));
        const text = writeDecoder(projection, { kind: { apiVersion, kind }, name: "createDecoder" });
        const written = run(await compile(name.replaceAll(".", "-"), text), bytes);
        const table = run(createTableDecoder({ apiVersion, kind }, projection)!, bytes);
        const json = JSON.parse(readFileSync(new URL(name.replace(/pb$/, "json"), recordings), "utf8")) as object;
        const projected = compileProjection(projection)(json as Record<string, unknown>, new Interner(1, 0));
        expect(table).toStrictEqual(projected);
        expect(written).toStrictEqual(table);
        expect(Object.keys(written as object)).toEqual(Object.keys(table as object));
      },
    );
  });

  it("refuses kinds that are not built in", () => {
    const kind = { apiVersion: "kubescape.io/v1", kind: "Rules" };
    expect(() => writeDecoder({ paths: [] }, { kind, name: "createDecoder" })).toThrow("is not a built-in kind");
  });

  it("refuses paths that the field table does not have: the program would never see those fields [client C11]", () => {
    const paths = ["kind", "spec.newer", "metadata.labels.app", "spec.containers[].name", "spec.containers[].newest.x"];
    const kind = { apiVersion: "v1", kind: "Pod" };
    expect(() => writeDecoder({ paths }, { kind, name: "createDecoder" })).toThrow(
      "v1 Pod has no field spec.newer, spec.containers[].newest",
    );
  });

  it("refuses paths into what only the table can decode", () => {
    const kind = { apiVersion: "apps/v1", kind: "ControllerRevision" };
    expect(() => writeDecoder({ paths: ["data.spec"] }, { kind, name: "createDecoder" })).toThrow("only the table");
  });

  it("leads paths into raw JSON through the table's decoder as JSON is projected", () => {
    const projection = { paths: ["data.spec.replicas", "revision"] };
    const decoder = createTableDecoder({ apiVersion: "apps/v1", kind: "ControllerRevision" }, projection)!;
    const raw = Buffer.from('{"spec":{"replicas":3,"paused":true},"x":1}');
    const bytes = Buffer.concat([
      Buffer.from([0x0a, 3, 0x0a, 1, 0x61, 0x12, raw.length + 2, 0x0a, raw.length]),
      raw,
      Buffer.from([0x18, 7]),
    ]);
    const reader = new WireReader();
    reader.begin(bytes, 0, bytes.length);
    expect(decoder(reader, bytes.length)).toEqual({
      metadata: { name: "a" },
      data: { spec: { replicas: 3 } },
      revision: 7,
    });
  });
});
