import { KubeConfig } from "@kubernetes/client-node";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { ClusterAccess, TokenSource } from "./index.ts";
import { loadClusterAccess } from "./load-cluster-access.ts";

const CA = "-----BEGIN CERTIFICATE-----\nY2E=\n-----END CERTIFICATE-----\n";
const CERT = "-----BEGIN CERTIFICATE-----\nY2VydA==\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\na2V5\n-----END PRIVATE KEY-----\n";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const CONFIG = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "shop",
  clusters: [
    {
      name: "one",
      cluster: { server: "https://one:6443", "certificate-authority-data": base64(CA), "tls-server-name": "kube" },
    },
    { name: "two", cluster: { server: "https://[::1]:6443/k8s/clusters/c-1", "insecure-skip-tls-verify": true } },
  ],
  users: [
    { name: "cert", user: { "client-certificate-data": base64(CERT), "client-key-data": base64(KEY) } },
    { name: "token", user: { token: " abc\n", as: "jane", "as-groups": ["g1", "g2"], "as-user-extra": { k: ["v"] } } },
  ],
  contexts: [
    { name: "shop", context: { cluster: "one", user: "cert", namespace: "shop" } },
    { name: "other", context: { cluster: "two", user: "token" } },
  ],
};

async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), "kinglet-kubeconfig-"));
}

async function written(content: unknown, name = "config"): Promise<string> {
  const path = join(await scratch(), name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const load = (kubeconfigPath: string, context?: string): Promise<ClusterAccess> =>
  loadClusterAccess({ kubeconfigPath, context, env: {} });

describe("loadClusterAccess", () => {
  it("reads JSON and YAML alike, as the reference implementation does [client A4]", async () => {
    for (const text of [
      JSON.stringify(CONFIG),
      stringify(CONFIG),
      stringify(CONFIG, { defaultStringType: "QUOTE_DOUBLE", collectionStyle: "flow" }),
    ]) {
      const path = await written(text);
      const oracle = new KubeConfig();
      oracle.loadFromFile(path);
      for (const name of ["shop", "other"]) {
        oracle.setCurrentContext(name);
        const access = await load(path, name);
        expect(access.server).toBe(oracle.getCurrentCluster()?.server);
        expect(access.insecureSkipTlsVerify ?? false).toBe(oracle.getCurrentCluster()?.skipTLSVerify);
        expect(access.tlsServerName).toBe(oracle.getCurrentCluster()?.tlsServerName);
        expect(access.caPem === undefined ? undefined : base64(access.caPem)).toBe(oracle.getCurrentCluster()?.caData);
        expect(access.clientKeyPem === undefined ? undefined : base64(access.clientKeyPem)).toBe(
          oracle.getCurrentUser()?.keyData,
        );
        expect(access.namespace).toBe(oracle.getContextObject(name)?.namespace);
        expect(access.origin).toBe(`${path}, context "${name}"`);
      }
    }
    const access = await load(await written(CONFIG), "other");
    expect(access.token).toBe("abc");
    expect(access.impersonate).toEqual({ user: "jane", groups: ["g1", "g2"], extra: { k: ["v"] } });
  });

  it("merges the KUBECONFIG list, the first that says something wins, missing files are passed over [client A4]", async () => {
    const first = await written({ clusters: [{ name: "one", cluster: { server: "https://first" } }], contexts: null });
    const second = await written(CONFIG);
    const access = await loadClusterAccess({ env: { KUBECONFIG: `/not/there::${first}:${second}` } });
    expect(access).toMatchObject({ server: "https://first", namespace: "shop", clientCertificatePem: CERT });
    expect(access.caPem).toBeUndefined();
  });

  it("finds files relative to the kubeconfig that names them, and reads the token file again and again [client A4] [client A2]", async () => {
    const path = await written({
      "current-context": "c",
      clusters: [{ name: "c", cluster: { server: "https://c", "certificate-authority": "pki/ca.crt" } }],
      users: [
        { name: "c", user: { tokenFile: "pki/token", "client-certificate": "pki/cert", "client-key": "pki/key" } },
      ],
      contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
    });
    await mkdir(join(path, "..", "pki"));
    for (const [name, content] of [
      ["ca.crt", CA],
      ["token", "t1\n"],
      ["cert", CERT],
      ["key", KEY],
    ] as const) {
      await writeFile(join(path, "..", "pki", name), content);
    }
    const access = await load(path);
    expect(access).toMatchObject({ caPem: CA, clientCertificatePem: CERT, clientKeyPem: KEY });
    expect(await (access.token as TokenSource).token()).toBe("t1");
  });

  it("uses the service account inside a pod, IPv6 included [client A1]", async () => {
    const dir = await scratch();
    await writeFile(join(dir, "ca.crt"), CA);
    await writeFile(join(dir, "token"), "sa-token\n");
    await writeFile(join(dir, "namespace"), "kinglet");
    const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443", HOME: "/nowhere" };
    const access = await loadClusterAccess({ env, serviceAccountDir: dir });
    expect(access).toMatchObject({
      server: "https://[fd00::1]:6443",
      caPem: CA,
      namespace: "kinglet",
      origin: "in-cluster",
    });
    expect(await (access.token as TokenSource).token()).toBe("sa-token");
    await expect(loadClusterAccess({ env, serviceAccountDir: "/nowhere" })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_CONFIG",
      message: expect.stringContaining("/nowhere/ca.crt"),
    });
  });

  it("looks into the home directory last, and says where it looked when there is nothing", async () => {
    const home = await scratch();
    await expect(loadClusterAccess({ env: { HOME: home } })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_NO_CONFIG",
      message: expect.stringContaining(join(home, ".kube", "config")),
    });
    await mkdir(join(home, ".kube"));
    await writeFile(join(home, ".kube", "config"), JSON.stringify(CONFIG));
    expect((await loadClusterAccess({ env: { HOME: home } })).namespace).toBe("shop");
    await expect(loadClusterAccess({ env: { HOME: home, KUBECONFIG: "/not/there" } })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_NO_CONFIG",
    });
  });

  const withUser = (user: object): object => ({ ...CONFIG, users: [{ name: "cert", user }] });
  const withCluster = (cluster: object): object => ({ ...CONFIG, clusters: [{ name: "one", cluster }] });
  it.each([
    [
      "an exec plugin of an unknown version",
      withUser({ exec: { command: "aws", apiVersion: "client.authentication.k8s.io/v1alpha1" } }),
      "CONFIG",
      'users["cert"].exec.apiVersion is "client.authentication.k8s.io/v1alpha1"',
    ],
    [
      "an exec plugin without a command",
      withUser({ exec: { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never" } }),
      "CONFIG",
      'users["cert"].exec.command is missing',
    ],
    [
      "an exec plugin that does not say whether it talks to a person",
      withUser({ exec: { command: "aws", apiVersion: "client.authentication.k8s.io/v1" } }),
      "CONFIG",
      'users["cert"].exec.interactiveMode is ""',
    ],
    ["an auth provider", withUser({ "auth-provider": { name: "gcp" } }), "CREDENTIALS", 'the provider "gcp"'],
    ["a password", withUser({ username: "u", password: "hunter2" }), "CREDENTIALS", 'users["cert"].username'],
    ["half a key pair", withUser({ "client-certificate-data": base64(CERT) }), "CONFIG", "belong together"],
    [
      "data that is no PEM",
      withUser({ "client-certificate-data": "AAAA" }),
      "CONFIG",
      "client-certificate-data holds no PEM",
    ],
    ["groups without a user", withUser({ "as-groups": ["g"] }), "CONFIG", 'users["cert"].as is missing'],
    ["no server", withCluster({}), "CONFIG", 'clusters["one"].server is missing'],
    [
      "a proxy of an unknown kind",
      withCluster({ server: "https://x", "proxy-url": "ftp://u:hunter2@p" }),
      "CONFIG",
      "proxy-url: a proxy's address begins with http, https or socks5, not ftp:",
    ],
    [
      "a proxy that is no address",
      withCluster({ server: "https://x", "proxy-url": "hunter2" }),
      "CONFIG",
      "proxy-url: the proxy's address is not a URL",
    ],
    [
      "a missing CA file",
      withCluster({ server: "https://x", "certificate-authority": "none.pem" }),
      "CONFIG",
      "certificate-authority cannot be read",
    ],
    [
      "an unknown context",
      { ...CONFIG, "current-context": "x" },
      "CONFIG",
      'there is no context "x"; there are: shop, other',
    ],
    ["no context", { ...CONFIG, "current-context": "" }, "CONFIG", "current-context is not set"],
    ["a list that is none", { ...CONFIG, users: {} }, "CONFIG", "users is not a list"],
    ["an entry without a name", { ...CONFIG, users: [{}] }, "CONFIG", "users[0].name is missing"],
    ["another kind", { kind: "Pod" }, "CONFIG", 'kind is "Pod"'],
    ["a scalar", "hello", "CONFIG", "is not a kubeconfig"],
    ["broken text", "{ a: [", "CONFIG", "is neither JSON nor YAML"],
    ["nothing", "", "CONFIG", "is empty"],
    ["too much", `"${"x".repeat(5 * 1024 * 1024)}"`, "CONFIG", "is larger than"],
  ])("refuses %s, naming the file and the key", async (_name, content, code, message) => {
    const path = await written(content);
    const problem = await load(path).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: `KINGLET_ERR_KUBE_CLIENT_${code}`, remedy: expect.stringMatching(/./) });
    expect((problem as Error).message).toContain(message);
    expect((problem as Error).message).toContain(path);
    expect((problem as Error).message).not.toContain("hunter2");
  });

  it("takes a kubeconfig that is at hand as an object", async () => {
    expect((await loadClusterAccess({ kubeconfig: CONFIG, env: {} })).server).toBe("https://one:6443");
    await expect(load("/not/there")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_CONFIG" });
  });

  it("opens no pipe that has a name, and reads one that a shell made", async () => {
    const path = join(await scratch(), "config");
    execFileSync("mkfifo", [path]);
    await expect(load(path)).rejects.toThrow("cannot be read: is a named pipe, not a file");
    const program = `import { loadClusterAccess } from ${JSON.stringify(new URL("load-cluster-access.ts", import.meta.url).href)};
      console.log((await loadClusterAccess({ kubeconfigPath: "/dev/stdin", env: {} })).server);`;
    const args = ["--conditions=@kinglet/source", "--no-warnings", "--input-type=module", "-e", program];
    const shell = `printf %s "$CONFIG" | "$0" "$@"`;
    const env = { ...process.env, CONFIG: JSON.stringify(CONFIG) };
    expect(execFileSync("sh", ["-c", shell, process.execPath, ...args], { env, encoding: "utf8" })).toContain(
      "one:6443",
    );
  });
});
