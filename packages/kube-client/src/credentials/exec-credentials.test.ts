import { ManualClock } from "@kinglet/lifecycle";
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openH2Server, pemOf } from "../../test/open-h2-server.ts";
import { createKubeClient, loadClusterAccess, namespaces, type ClusterAccess, type TokenSource } from "../index.ts";
import type { LoadClusterAccessOptions } from "../load-cluster-access-options.ts";

const VERSION = "client.authentication.k8s.io/v1";

interface Plugin {
  readonly dir: string;
  /** What it answers from now on: the status, or a whole text. */
  answer(status: object | string, extra?: string): Promise<void>;
  /** What KUBERNETES_EXEC_INFO and the variable NAME were, one entry per run. */
  runs(): Promise<{ info: Record<string, unknown>; name: string }[]>;
  access(exec?: object, options?: Partial<LoadClusterAccessOptions>, cluster?: object): Promise<ClusterAccess>;
}

/** A plugin that is a shell script: it starts in 2 ms where Node takes 30. */
async function openPlugin(server = "https://127.0.0.1:1"): Promise<Plugin> {
  const dir = await mkdtemp(join(tmpdir(), "kinglet-exec-"));
  const path = join(dir, "login");
  return {
    dir,
    answer: async (status, extra = "") => {
      const text =
        typeof status === "string" ? status : JSON.stringify({ kind: "ExecCredential", apiVersion: VERSION, status });
      await writeFile(join(dir, "answer"), text);
      await writeFile(
        path,
        `#!/bin/sh\nprintf '%s\\n%s\\n' "$KUBERNETES_EXEC_INFO" "$NAME" >> "${dir}/runs"\n${extra}\nwhile read -r line || [ -n "$line" ]; do printf '%s\\n' "$line"; done < "${dir}/answer"\n`,
      );
      await chmod(path, 0o700);
    },
    runs: async () => {
      const text = await readFile(join(dir, "runs"), "utf8").catch(() => "");
      const lines = text.split("\n").slice(0, -1);
      return lines.flatMap((line, index) =>
        index % 2 === 0 ? [{ info: JSON.parse(line) as Record<string, unknown>, name: lines[index + 1]! }] : [],
      );
    },
    access: (exec = {}, options = {}, cluster = {}) =>
      loadClusterAccess({
        kubeconfig: {
          "current-context": "c",
          contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
          clusters: [
            {
              name: "c",
              cluster: {
                server,
                "certificate-authority-data": Buffer.from(pemOf("authority-a.pem")).toString("base64"),
                ...cluster,
              },
            },
          ],
          users: [
            { name: "u", user: { exec: { apiVersion: VERSION, command: path, interactiveMode: "Never", ...exec } } },
          ],
        },
        env: { PATH: "/usr/bin:/bin" },
        ...options,
      }),
  };
}

const tokenOf = async (access: ClusterAccess): Promise<string | undefined> => (access.token as TokenSource).token();

describe("ExecCredentials", () => {
  it("tells the plugin what it asks for, and gives it its environment [client A5]", async () => {
    const plugin = await openPlugin();
    await plugin.answer({ token: "t" });
    const extensions = [{ name: VERSION.replace("/v1", "/exec"), extension: { audience: "shop" } }];
    const env = [{ name: "NAME", value: "of the plugin" }];
    const access = await plugin.access(
      { provideClusterInfo: true, env },
      { env: { NAME: "outer", PATH: "/bin" } },
      { extensions, "tls-server-name": "kube" },
    );
    expect(await tokenOf(access)).toBe("t");
    expect(await plugin.runs()).toEqual([
      {
        name: "of the plugin",
        info: {
          kind: "ExecCredential",
          apiVersion: VERSION,
          spec: {
            interactive: false,
            cluster: {
              server: "https://127.0.0.1:1",
              "tls-server-name": "kube",
              "certificate-authority-data": Buffer.from(pemOf("authority-a.pem")).toString("base64"),
              config: { audience: "shop" },
            },
          },
        },
      },
    ]);
    await tokenOf(await plugin.access());
    expect((await plugin.runs())[1]?.info).toMatchObject({ spec: { interactive: false } });
    expect((await plugin.runs())[1]?.info["spec"]).not.toHaveProperty("cluster");
  });

  it("runs once for twenty requests at a time, and again when the answer has expired [client A5]", async () => {
    const clock = new ManualClock();
    const seen: (string | undefined)[] = [];
    await using server = await openH2Server((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{"kind":"Namespace","metadata":{"name":"a"}}');
    });
    const plugin = await openPlugin(server.access.server);
    await plugin.answer({ token: "one", expirationTimestamp: new Date(clock.now() + 60_000).toISOString() });
    await using client = createKubeClient(await plugin.access({}, { clock }));
    await Promise.all(Array.from({ length: 20 }, () => client.get(namespaces, "a")));
    expect(await plugin.runs()).toHaveLength(1);
    expect(new Set(seen)).toEqual(new Set(["Bearer one"]));
    await clock.advance(59_999);
    await client.get(namespaces, "a");
    expect(await plugin.runs()).toHaveLength(1);
    await plugin.answer({ token: "two" });
    await clock.advance(1);
    await client.get(namespaces, "a");
    expect(seen.at(-1)).toBe("Bearer two");
    await clock.advance(1e9);
    await client.get(namespaces, "a");
    expect(await plugin.runs()).toHaveLength(2);
  });

  it("runs again after 401, once however many requests were refused [client A5] [client E8]", async () => {
    let accepted = "one";
    await using server = await openH2Server((request, response) => {
      const isRight = request.headers.authorization === `Bearer ${accepted}`;
      response.writeHead(isRight ? 200 : 401);
      response.end(isRight ? '{"kind":"Namespace","metadata":{"name":"a"}}' : '{"kind":"Status","code":401}');
    });
    const plugin = await openPlugin(server.access.server);
    await plugin.answer({ token: "one" });
    await using client = createKubeClient(await plugin.access());
    await client.get(namespaces, "a");
    accepted = "two";
    await plugin.answer({ token: "two" });
    await Promise.all(Array.from({ length: 10 }, () => client.get(namespaces, "a")));
    expect(await plugin.runs()).toHaveLength(2);
    accepted = "three";
    await expect(client.get(namespaces, "a")).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED" });
    expect(await plugin.runs()).toHaveLength(3);
  });

  it("logs in with a certificate, and makes connections anew when another comes after 401 [client A5] [client T7]", async () => {
    const names: string[] = [];
    let accepted = "client-one";
    await using server = await openH2Server(
      (request, response) => {
        const { CN } = (request.stream.session!.socket as unknown as TlsPeer).getPeerCertificate().subject;
        names.push(CN);
        if (request.url.includes("watch")) {
          response.write("{}\n");
          return;
        }
        response.writeHead(CN === accepted ? 200 : 401);
        response.end(CN === accepted ? '{"kind":"Namespace","metadata":{"name":"a"}}' : '{"kind":"Status","code":401}');
      },
      { requestCert: true, ca: pemOf("authority-a.pem") },
    );
    const plugin = await openPlugin(server.access.server);
    const identity = (name: string): object => ({
      clientCertificateData: pemOf(`${name}.pem`),
      clientKeyData: pemOf(`${name}.key`),
    });
    await plugin.answer(identity("client-one"));
    await using client = createKubeClient(await plugin.access());
    await client.get(namespaces, "a");
    const first = [...server.sockets];
    accepted = "client-two";
    await plugin.answer(identity("client-two"));
    await client.get(namespaces, "a");
    expect(names).toEqual(["client-one", "client-one", "client-two"]);
    await expect.poll(() => first.every((socket) => socket.destroyed)).toBe(true);
    expect(await plugin.runs()).toHaveLength(2);
  });

  const half = { clientCertificateData: "c" };
  it.each<[string, object | string, string]>([
    [
      "another version",
      JSON.stringify({
        kind: "ExecCredential",
        apiVersion: "client.authentication.k8s.io/v1beta1",
        status: { token: "SECRET" },
      }),
      'answered in the version "client.authentication.k8s.io/v1beta1"',
    ],
    ["another kind", '{"kind":"SECRET"}', "is no ExecCredential"],
    ["no JSON", "SECRET-TOKEN", "not JSON"],
    ["null", "null", "is no ExecCredential"],
    ["no status", JSON.stringify({ kind: "ExecCredential", apiVersion: VERSION }), "without a status"],
    ["nothing to log in with", {}, "neither a token nor a certificate"],
    ["half a pair", half, "half of a certificate"],
    ["a token that is no text", { token: { SECRET: 1 } }, "a token that is not a string"],
    ["a time that is none", { token: "SECRET", expirationTimestamp: "SECRET" }, "no time"],
  ])("refuses an answer with %s, and repeats nothing of it [client A5] [client A7]", async (_name, answer, problem) => {
    const plugin = await openPlugin();
    await plugin.answer(answer);
    const error = await tokenOf(await plugin.access()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_EXEC_PLUGIN",
      message: expect.stringMatching(/^kubeconfig: user "u" cannot log in: the plugin/),
    });
    expect((error as Error).message).toContain(problem);
    expect(`${String(error)} ${String((error as Error).cause)} ${JSON.stringify(error)}`).not.toContain("SECRET");
  });

  it("keeps what a failing plugin says out of the error, and tries again with the next request [client A7]", async () => {
    const plugin = await openPlugin();
    await plugin.answer({}, "echo SECRET; echo SECRET >&2; exit 3");
    const access = await plugin.access({ args: ["--password=SECRET"] });
    const error = await tokenOf(access).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain("ended with code 3");
    expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain("SECRET");
    await plugin.answer({ token: "t" });
    expect(await tokenOf(access)).toBe("t");
  });

  it("bounds what a plugin writes and how long it takes [client A5]", async () => {
    const plugin = await openPlugin();
    await plugin.answer(
      {},
      "while :; do echo 0123456789012345678901234567890123456789012345678901234567890123456789; done",
    );
    await expect(tokenOf(await plugin.access())).rejects.toThrow("wrote more than 1048576 bytes");
    await plugin.answer({}, `echo here > "${plugin.dir}/started"; sleep 600`);
    const clock = new ManualClock();
    const waiting = tokenOf(await plugin.access({}, { clock })).catch((error: unknown) => error);
    await expect.poll(() => readFile(join(plugin.dir, "started"), "utf8").catch(() => "")).toBe("here\n");
    await clock.advance(60_000);
    expect((await waiting) as Error).toMatchObject({ message: expect.stringContaining("took longer than 60000 ms") });
  });

  it("says how to install a plugin that is not there [client A5]", async () => {
    const plugin = await openPlugin();
    const access = await plugin.access({ command: "no-such-login", installHint: "see https://example.test/login" });
    await expect(tokenOf(access)).rejects.toThrow('"no-such-login" was not found; see https://example.test/login');
  });

  it("runs only what the policy allows, by name or path [client A5]", async () => {
    const plugin = await openPlugin();
    await plugin.answer({ token: "t" });
    const env = { PATH: plugin.dir };
    const login = join(plugin.dir, "login");
    for (const execPlugins of ["all", [login], ["login"]] as const) {
      expect(await tokenOf(await plugin.access({ command: "login" }, { env, execPlugins }).catch(() => never()))).toBe(
        "t",
      );
    }
    for (const execPlugins of ["none", [], ["/bin/login"], ["other"]] as const) {
      const access = await plugin.access({}, { env, execPlugins });
      await expect(tokenOf(access)).rejects.toThrow("is not among those that may run");
    }
  });

  it("asks a person only where one is [client A5]", async () => {
    const plugin = await openPlugin();
    await plugin.answer({ token: "t" });
    await expect(tokenOf(await plugin.access({ interactiveMode: "Always" }))).rejects.toThrow("needs a terminal");
    await tokenOf(await plugin.access({ interactiveMode: "IfAvailable" }));
    await tokenOf(await plugin.access({ interactiveMode: "IfAvailable" }, { isInteractive: true }));
    await tokenOf(await plugin.access({ interactiveMode: "Never" }, { isInteractive: true }));
    const asked = (await plugin.runs()).map((run) => (run.info["spec"] as { interactive: boolean }).interactive);
    expect(asked).toEqual([false, true, false]);
  });
});

interface TlsPeer {
  getPeerCertificate(): { readonly subject: { readonly CN: string } };
}

function never(): never {
  throw new Error("access was refused");
}
