import { describe, expect, it } from "vitest";
import { ACCESS, pod, ScriptedTransport } from "../test/scripted-transport.ts";
import { createKubeClient, pods } from "./index.ts";

describe("KubeClient", () => {
  it("asks for nothing but the metadata of what it wrote where it is told to, and cuts down what comes whole [client M15]", async () => {
    const metadata = { name: "a", namespace: "shop", resourceVersion: "2" };
    const partial = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
    const own = { apiVersion: "v1", kind: "Pod", metadata };
    for (const json of [partial, { ...own, spec: { nodeName: "n" } }]) {
      const transport = new ScriptedTransport(() => ({ json }));
      const client = createKubeClient(ACCESS, { transport });
      const written = pod("a", "1");
      expect(await client.create(pods, written, { metadataOnly: true })).toEqual(own);
      expect(await client.replace(pods, written, { metadataOnly: true })).toEqual(own);
      expect(await client.patch(pods, "a", {}, { namespace: "shop", type: "merge", metadataOnly: true })).toEqual(own);
      const accepted = transport.requests.map(({ headers }) => headers["accept"]);
      const wanted = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";
      expect(accepted).toEqual([wanted, wanted, wanted]);
    }
  });
});
