import { describe, expect, it } from "vitest";
import { loadClusterAccess } from "../load-cluster-access.ts";
import { proxyFromEnv } from "./proxy-from-env.ts";

const PROXY = "http://proxy:3128";

describe("proxyFromEnv", () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ["https://api:6443", {}, undefined],
    ["https://api:6443", { HTTPS_PROXY: PROXY }, PROXY],
    ["https://api:6443", { https_proxy: PROXY }, PROXY],
    ["https://api:6443", { HTTPS_PROXY: "http://upper", https_proxy: "http://lower" }, "http://upper"],
    ["https://api:6443", { HTTPS_PROXY: "proxy:3128" }, PROXY],
    ["https://api:6443", { HTTPS_PROXY: "socks5://proxy" }, "socks5://proxy"],
    ["https://api:6443", { HTTP_PROXY: PROXY }, undefined],
    ["http://api", { HTTP_PROXY: PROXY }, PROXY],
    ["https://localhost:6443", { HTTPS_PROXY: PROXY }, undefined],
    ["https://127.0.0.7:6443", { HTTPS_PROXY: PROXY }, undefined],
    ["https://[::1]:6443", { HTTPS_PROXY: PROXY }, undefined],
    ["not a url", { HTTPS_PROXY: PROXY }, undefined],
  ])("of %s with %j is %s [client T6]", (server, env, expected) => {
    expect(proxyFromEnv(server, env)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ["https://api.example.com", "*", true],
    ["https://api.example.com", "example.com", true],
    ["https://example.com", "example.com", true],
    ["https://badexample.com", "example.com", false],
    ["https://example.com", ".example.com", false],
    ["https://api.example.com", ".example.com", true],
    ["https://api.example.com", "*.example.com", true],
    ["https://example.com", "*.example.com", false],
    ["https://API.example.com", "other, API.EXAMPLE.com ", true],
    ["https://api.example.com:6443", "api.example.com:6443", true],
    ["https://api.example.com:6443", "api.example.com:443", false],
    ["https://api.example.com", "api.example.com:443", true],
    ["https://10.1.2.3:6443", "10.0.0.0/8", true],
    ["https://11.1.2.3:6443", "10.0.0.0/8", false],
    ["https://10.1.2.3:6443", "10.1.2.3", true],
    ["https://10.1.2.3:6443", "10.1.2.3:443", false],
    ["https://10.1.2.3:6443", "10.0.0.0/99", false],
    ["https://[fd00::1]:6443", "fd00::/8", true],
    ["https://[fd00::1]:6443", "fd00:0::1", true],
    ["https://[fd00::1]:6443", "[fd00::1]:6443", true],
    ["https://api", "10.0.0.0/8,,", false],
  ])("for %s with NO_PROXY=%s is left out: %s [client T6]", (server, list, isExcluded) => {
    const found = proxyFromEnv(server, { HTTPS_PROXY: PROXY, no_proxy: list });
    expect(found).toBe(isExcluded ? undefined : PROXY);
  });

  it("is what loadClusterAccess uses, unless the kubeconfig names a proxy [client T6]", async () => {
    const kubeconfig = (cluster: object): object => ({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c" } }],
      clusters: [{ name: "c", cluster: { server: "https://api.example.com", ...cluster } }],
    });
    const load = async (cluster: object, env: Record<string, string>): Promise<string | undefined> =>
      (await loadClusterAccess({ kubeconfig: kubeconfig(cluster), env })).proxyUrl;
    expect(await load({}, { HTTPS_PROXY: PROXY })).toBe(PROXY);
    expect(await load({}, { HTTPS_PROXY: PROXY, NO_PROXY: "example.com" })).toBeUndefined();
    expect(await load({ "proxy-url": "socks5://one" }, { HTTPS_PROXY: PROXY, NO_PROXY: "*" })).toBe("socks5://one");
  });
});
