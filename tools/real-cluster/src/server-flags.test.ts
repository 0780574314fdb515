import { describe, expect, it } from "vitest";
import { apiServerFlags, controllerFlags, etcdFlags, mergeFlags, type ClusterLayout } from "./server-flags.ts";

const layout: ClusterLayout = {
  folder: "/tmp/a b",
  hasControllers: true,
  ports: { etcdClient: 20_001, etcdPeer: 20_002, apiServer: 20_003, controllers: 20_004 },
};

describe("etcdFlags", () => {
  it("listens on loopback only", () => {
    const urls = etcdFlags(layout).flatMap((flag) => flag.match(/https?:\/\/[^/]+/gu) ?? []);
    expect(new Set(urls)).toEqual(new Set(["http://127.0.0.1:20001", "http://127.0.0.1:20002"]));
  });

  it("notifies of progress every few seconds, which streaming lists wait for", () => {
    expect(etcdFlags(layout)).toContain("--watch-progress-notify-interval=5s");
  });
});

describe("apiServerFlags", () => {
  it("binds to loopback with RBAC and the token file of its folder", () => {
    const flags = apiServerFlags(layout);
    expect(flags).toContain("--bind-address=127.0.0.1");
    expect(flags).toContain("--secure-port=20003");
    expect(flags).toContain("--authorization-mode=RBAC");
    expect(flags).toContain("--token-auth-file=/tmp/a b/tokens.csv");
    expect(flags).toContain("--etcd-servers=http://127.0.0.1:20001");
  });

  it("admits pods without service accounts only where no controllers make them", () => {
    const disabled = "--disable-admission-plugins=ServiceAccount";
    expect(apiServerFlags(layout)).not.toContain(disabled);
    expect(apiServerFlags({ ...layout, hasControllers: false })).toContain(disabled);
  });

  it("lets a caller's flag replace its own", () => {
    const flags = apiServerFlags(layout, ["--authorization-mode=AlwaysAllow", "--goaway-chance=0.02"]);
    expect(flags.filter((flag) => flag.startsWith("--authorization-mode"))).toEqual([
      "--authorization-mode=AlwaysAllow",
    ]);
    expect(flags.at(-1)).toBe("--goaway-chance=0.02");
  });
});

describe("controllerFlags", () => {
  it("trusts the certificate that the API server made and leads without an election", () => {
    const flags = controllerFlags(layout, "/tmp/k.json");
    expect(flags).toContain("--kubeconfig=/tmp/k.json");
    expect(flags).toContain("--root-ca-file=/tmp/a b/certs/apiserver.crt");
    expect(flags).toContain("--leader-elect=false");
    expect(flags).toContain("--secure-port=20004");
  });
});

describe("mergeFlags", () => {
  it("knows a flag in each way of writing it", () => {
    expect(mergeFlags(["--a=1", "--b=2", "--c=3", "--d"], ["-a", "9", "--b=8", "--d=false"])).toEqual([
      "--c=3",
      "-a",
      "9",
      "--b=8",
      "--d=false",
    ]);
  });

  it("does not take a value for a flag", () => {
    expect(mergeFlags(["--a=1"], ["--b", "a"])).toEqual(["--a=1", "--b", "a"]);
  });
});
