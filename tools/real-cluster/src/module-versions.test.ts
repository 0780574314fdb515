import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { goModuleFolder } from "./cache-folder.ts";
import { linkerFlags, parseModuleVersions } from "./module-versions.ts";

describe("parseModuleVersions", () => {
  it("reads the versions of this module", () => {
    const versions = parseModuleVersions(readFileSync(join(goModuleFolder(), "go.mod"), "utf8"));
    expect(versions.kubernetes).toMatch(/^v1\.\d+\.\d+$/u);
    expect(versions.etcd).toMatch(/^v3\.\d+\.\d+$/u);
  });

  it("is not misled by a tool or replace line of the same module", () => {
    const goMod =
      "tool k8s.io/kubernetes/cmd/kube-apiserver\nrequire k8s.io/kubernetes v1.36.3\nrequire (\n\tgo.etcd.io/etcd/server/v3 v3.6.8\n)\nreplace k8s.io/api => k8s.io/api v0.36.3\n";
    expect(parseModuleVersions(goMod)).toEqual({ kubernetes: "v1.36.3", etcd: "v3.6.8" });
  });

  it("names the module that has no version", () => {
    expect(() => parseModuleVersions("require k8s.io/kubernetes v1.36.3")).toThrow("go.etcd.io/etcd/server/v3");
  });
});

describe("linkerFlags", () => {
  it("stamps the version into both packages that report it", () => {
    const flags = linkerFlags({ kubernetes: "v1.36.3", etcd: "v3.6.8" });
    expect(flags).toMatch(/^-s -w /u);
    for (const path of ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]) {
      expect(flags).toContain(`-X ${path}.gitVersion=v1.36.3 -X ${path}.gitMajor=1 -X ${path}.gitMinor=36`);
    }
    expect(flags).toContain(
      "-X k8s.io/component-base/version.gitTreeState=clean -X k8s.io/component-base/version.buildDate=1970-01-01T00:00:00Z",
    );
  });
});
