import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const PROGRAM = new URL("../src/serve/main.ts", import.meta.url).pathname;

interface Run {
  readonly process: ChildProcess;
  readonly output: () => { readonly out: string; readonly err: string };
  /** The first line on standard output; undefined when the program ends without one. */
  readonly line: Promise<string | undefined>;
  readonly exit: Promise<number | null>;
}

interface Kubeconfig {
  readonly clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
  readonly users: [{ user: { token: string } }];
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, ["--conditions=@kinglet/source", PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const exit = once(child, "close").then(([code]) => code as number | null);
  const line = new Promise<string | undefined>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out += String(chunk);
      if (out.includes("\n")) resolve(out.split("\n")[0]);
    });
    void exit.then(() => resolve(undefined));
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += String(chunk);
  });
  return { process: child, output: () => ({ out, err }), line, exit };
}

function get(
  kubeconfig: Kubeconfig,
  path: string,
  token: string,
): Promise<{ readonly status: number; readonly body: { readonly items: readonly unknown[] } }> {
  const { cluster } = kubeconfig.clusters[0];
  const ca = Buffer.from(cluster["certificate-authority-data"], "base64");
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, cluster.server),
      { ca, agent: false, headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        let text = "";
        answer.on("data", (chunk: Buffer) => {
          text += String(chunk);
        });
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as { readonly items: readonly unknown[] } }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}

describe("kube-sim serve", () => {
  let folder: string;
  const runs: Run[] = [];
  const start = (...args: string[]): Run => {
    const started = run(...args);
    runs.push(started);
    return started;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kube-sim-serve-"));
  });
  afterEach(async () => {
    for (const started of runs.splice(0)) {
      started.process.kill("SIGKILL");
      await started.exit;
    }
    rmSync(folder, { recursive: true });
  });

  it("writes a private kubeconfig, says on one line that it is ready, serves, and ends with 0 at SIGTERM", async () => {
    const file = join(folder, "kubeconfig");
    writeFileSync(file, "old", { mode: 0o644 });
    writeFileSync(join(folder, "tokens.csv"), 'tok-ann,ann,1,"dev"\ntok-root,root,2,"system:masters"\n');
    const server = start(
      "serve",
      "--kubeconfig",
      file,
      "--token-auth-file",
      join(folder, "tokens.csv"),
      "--seed",
      "1",
      "--load",
      "secrets=3",
    );
    const ready = JSON.parse((await server.line) ?? "null") as { ready: boolean; server: string; kubeconfig: string };
    const kubeconfig = JSON.parse(readFileSync(file, "utf8")) as Kubeconfig;
    expect(ready).toEqual({ ready: true, server: kubeconfig.clusters[0].cluster.server, kubeconfig: file });
    expect(ready.server).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(["kubeconfig", "tokens.csv"]);
    const path = "/api/v1/secrets";
    const admin = await get(kubeconfig, path, kubeconfig.users[0].user.token);
    expect([admin.status, admin.body.items.length]).toEqual([200, 3]);
    expect((await get(kubeconfig, path, "tok-root")).status).toBe(200);
    expect((await get(kubeconfig, path, "tok-ann")).status).toBe(403);
    server.process.kill("SIGTERM");
    expect(await server.exit).toBe(0);
    expect(server.output()).toEqual({ out: `${JSON.stringify(ready)}\n`, err: "" });
  });

  it("writes an audit log by a policy in YAML, one private line per event, and refuses a policy that is none [sim 14]", async () => {
    const policy = join(folder, "policy.yaml");
    const log = join(folder, "audit.jsonl");
    writeFileSync(
      policy,
      "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n",
    );
    const server = start("serve", "--audit-policy-file", policy, "--audit-log-path", log);
    const { kubeconfig: file } = JSON.parse((await server.line) ?? "null") as { kubeconfig: string };
    const kubeconfig = JSON.parse(readFileSync(file, "utf8")) as Kubeconfig;
    await get(kubeconfig, "/api/v1/pods?limit=1&continue=", kubeconfig.users[0].user.token);
    const text = readFileSync(log, "utf8");
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(text).toContain("limit=1\\u0026continue=");
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ kind: "Event", verb: "list", stage: "ResponseComplete", responseStatus: { code: 200 } }]);
    writeFileSync(policy, "rules: none\n");
    const wrong = start("serve", "--audit-policy-file", policy, "--audit-log-path", log);
    expect(await wrong.exit).toBe(1);
    expect(wrong.output().err).toContain("rules is empty");
  });

  it("keeps the kubeconfig in a file of its own when none is named, and removes it at the end", async () => {
    const server = start("serve");
    const { kubeconfig } = JSON.parse((await server.line) ?? "null") as { kubeconfig: string };
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
    server.process.kill("SIGINT");
    expect(await server.exit).toBe(0);
    expect(existsSync(kubeconfig)).toBe(false);
  });

  it("teaches with --help, and ends with 2 when the arguments are wrong", async () => {
    const help = start("serve", "--help");
    const wrong = start("serve", "--port", "http");
    expect(await help.exit).toBe(0);
    expect(help.output().out).toContain("--token-auth-file CSV");
    expect(await wrong.exit).toBe(2);
    expect(wrong.output()).toEqual({
      out: "",
      err:
        'kube-sim: --port is "http", but must be a whole number from 0 to 65535; leave it out to get a free port\n' +
        "kube-sim: see kube-sim serve --help\n",
    });
  });

  it("ends with 1 and says what to do when a file or the load is wrong", async () => {
    const noTokens = start("serve", "--token-auth-file", join(folder, "none.csv"));
    const noFolder = start("serve", "--kubeconfig", join(folder, "none", "kubeconfig"));
    const noKind = start("serve", "--load", "unicorns=1");
    expect(await Promise.all([noTokens.exit, noFolder.exit, noKind.exit])).toEqual([1, 1, 1]);
    expect(noTokens.output().err).toContain(
      'none.csv" cannot be read (ENOENT); name a file that exists and that you may read',
    );
    expect(noFolder.output().err).toContain("cannot be written (ENOENT); make the folder");
    expect(noKind.output().err).toContain("unicorns");
  });
});
