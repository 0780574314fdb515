import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { describeClientNode } from "../../test/describe-client-node.ts";
import { openSimServer } from "../../test/open-sim-server.ts";
import { createClientFromKubeConfig } from "./index.ts";

describeClientNode("on kube-sim", () => openSimServer());

describe("createClientFromKubeConfig", () => {
  it("names what is missing", async () => {
    await expect(createClientFromKubeConfig(new KubeConfig())).rejects.toThrow(/current context .* names no cluster/);
  });
});
