import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runApplet, type Outcome } from "../../../test/unit/run-applet.ts";
import { main } from "./applet.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kinglet policy "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(argv: readonly string[], stdin?: string | Uint8Array): Promise<Outcome> {
  return runApplet(main, "policy", argv, stdin === undefined ? {} : { stdin });
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function policy(name: string, criterion: string, value: string, more = ""): string {
  return `apiVersion: config.stackrox.io/v1alpha1
kind: SecurityPolicy
metadata:
  name: ${name.toLowerCase().replaceAll(" ", "-")}
spec:
  policyName: ${name}
  categories: [Test]
  lifecycleStages: [DEPLOY]
  severity: LOW_SEVERITY
${more}  policySections:
    - policyGroups:
        - fieldName: ${criterion}
          values:
            - value: ${JSON.stringify(value)}
`;
}

const pod = (spec: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  ${spec}
  containers:
    - name: web
      image: web:1
`;

describe("policy validate", () => {
  it("says that valid policies are valid", async () => {
    const { code, stdout } = await run(["validate", "-"], policy("Host network", "Host Network", "true"));
    expect([code, stdout]).toEqual([0, "1 policy: 1 valid\n"]);
  });

  it("shows line, column, value and what is permitted", async () => {
    const text = policy("Host network", "Host Networks", "true", "  disbled: true\n").replace("LOW_SEVERITY", "LOW");
    const path = file("bad.yaml", text);
    const { code, stdout } = await run(["validate", path]);
    expect(code).toBe(1);
    expect(stdout.replaceAll(path, "bad.yaml")).toMatchInlineSnapshot(`
      "bad.yaml:10:3: error: spec.disbled is not a known field (did you mean disabled?) (KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_FIELD)
         10 |   disbled: true
            |   ^
              permitted: policyName, description, rationale, remediation, disabled, categories, lifecycleStages, eventSource, exclusions, scope, severity, enforcementActions, … (19 in all)
      bad.yaml:9:13: error: spec.severity must be one of UNSET_SEVERITY, LOW_SEVERITY, MEDIUM_SEVERITY, HIGH_SEVERITY, CRITICAL_SEVERITY, got "LOW" (KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME)
          9 |   severity: LOW
            |             ^
      bad.yaml:13:22: error: spec.policySections[0].policyGroups[0].fieldName is not a criterion (did you mean Host Network?), got "Host Networks" (KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME)
         13 |         - fieldName: Host Networks
            |                      ^
              permitted: Add Capabilities, Allow Privilege Escalation, AppArmor Profile, Automount Service Account Token, CVE, CVSS, Container CPU Limit, Container CPU Request, Container Memory Limit, Container Memory Request, Container Name, Days Since CVE Was First Discovered In Image, … (79 in all)
      1 policy: 0 valid, 1 invalid
      "
    `);
  });

  it("keeps lines right in files of several documents, lists and JSON", async () => {
    const broken = policy("Broken one", "Replicas", "many");
    const documents = file("two.yaml", `# comment\n${policy("Fine one", "Replicas", "1")}---\n${broken}`);
    const list = file("list.yaml", `kind: List\nitems:\n  - ${broken.trimEnd().replaceAll("\n", "\n    ")}\n`);
    const json = file("one.json", '{"kind":"SecurityPolicy",\n"spec":{"policyName":\n "x"}}');
    const { stdout } = await run(["validate", documents, list, json, "--output", "json"]);
    const { policies } = JSON.parse(stdout) as {
      policies: readonly { line: number; problems: readonly { path: string; line: number; column: number }[] }[];
    };
    const value = "spec.policySections[0].policyGroups[0].values[0].value";
    expect(policies.map(({ line }) => line)).toEqual([2, 17, 3, 1]);
    expect(policies[1]?.problems).toMatchObject([{ path: value, line: 30, column: 22 }]);
    expect(policies[2]?.problems[0]).toMatchObject({ path: value, line: 16, column: 26 });
    expect(policies[3]?.problems).toContainEqual(
      expect.objectContaining({ path: "spec.policyName", line: 3, column: 2 }),
    );
  });

  it("finds two policies of one name", async () => {
    const path = file(
      "twice.yaml",
      `${policy("Same name", "Replicas", "1")}---\n${policy("Same name", "Replicas", "2")}`,
    );
    const { code, stdout } = await run(["validate", path]);
    expect(code).toBe(1);
    expect(stdout).toContain(`spec.policyName is the name of another policy, too: ${path}:1, got "Same name"`);
  });

  it("compiles patterns, also those that need the linear-time engine", async () => {
    const look = await run(["validate", "-"], policy("Look ahead", "Image Tag", "(?=x)y"));
    expect([look.code, look.stdout]).toEqual([1, expect.stringContaining("policyGroups[0].values[0].value")]);
    const fine = await run(["validate", "-"], policy("Classes", "Image Tag", String.raw`(?i:v)?\d+(\.\d+){1,2}`));
    expect(fine.code).toBe(0);
  });

  it("passes over other kinds, and is not content with nothing", async () => {
    const { code, stdout } = await run(["validate", "-"], pod("hostIPC: true"));
    expect([code, stdout]).toEqual([1, "no SecurityPolicy in these files; passed over 1 document of other kinds\n"]);
  });

  it("reads the files of a folder, in order, without its sub-folders", async () => {
    const inner = join(folder, "pack");
    mkdirSync(join(inner, "examples"), { recursive: true });
    writeFileSync(join(inner, "b.yml"), policy("Bravo", "Replicas", "1"));
    writeFileSync(join(inner, "a.yaml"), policy("Alpha", "Replicas", "1"));
    writeFileSync(join(inner, "README.md"), "no policy");
    writeFileSync(join(inner, "examples", "c.yaml"), "broken: [");
    const { code, stdout } = await run(["validate", inner, "--output", "json"]);
    const { policies } = JSON.parse(stdout) as { policies: readonly { policyName: string }[] };
    expect([code, policies.map(({ policyName }) => policyName)]).toEqual([0, ["Alpha", "Bravo"]]);
  });

  it.each([
    ["a: b: c", "Nested mappings are not allowed in compact mappings"],
    ["a: 1\na: 2", "Map keys must be unique"],
    ["[".repeat(100_000), "nested too deeply"],
    [
      `a: &a [x]\n${Array.from({ length: 9 }, (_, at) => `k${at}: &k${at} [${"*a,".repeat(50)}]`).join("\n")}`,
      "aliases",
    ],
    ["metadata: {}", "kind is required: SecurityPolicy"],
    ["just text", "a SecurityPolicy must be an object"],
  ])("refuses %j in one line", async (text, message) => {
    const { code, stdout } = await run(["validate", "-"], text);
    expect(code).toBe(1);
    expect(stdout).toContain(message);
  });

  it("lets no control character of a file reach the terminal", async () => {
    const { stdout } = await run(["validate", "-"], policy("Escapes", "Image\u001b[31m Tag", "\u001b[0m"));
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

describe("policy test", () => {
  it("names the workload, the policy, what is wrong and what to do", async () => {
    const path = file("net.yaml", policy("Host network", "Host Network", "true", "  remediation: Remove it.\n"));
    const { code, stdout } = await run(["test", path, "--against", "-"], pod("hostNetwork: true"));
    expect(code).toBe(1);
    expect(stdout).toMatchInlineSnapshot(`
      "standard input:1: Pod default/web: violates Host network (low)
          the pod uses the network of the host
          to do: Remove it.
      1 policy against 1 workload: 1 violated, 0 passed
      "
    `);
  });

  it("is content with a workload that passes", async () => {
    const path = file("net.yaml", policy("Host network", "Host Network", "true"));
    const { code, stdout } = await run(["test", path, "--against", "-"], pod("hostNetwork: false"));
    expect([code, stdout]).toEqual([0, "1 policy against 1 workload: 0 violated, 1 passed\n"]);
  });

  it("tests policies that are disabled, and scopes by namespace and cluster", async () => {
    const scope = "  disabled: true\n  scope:\n    - namespace: shop\n      cluster: east\n";
    const path = file("scoped.yaml", policy("Host network", "Host Network", "true", scope));
    const test = (...flags: readonly string[]): Promise<Outcome> =>
      run(["test", path, ...flags, "--against", "-"], pod("hostNetwork: true"));
    expect((await test("--namespace", "shop", "--cluster", "east")).code).toBe(1);
    expect((await test("--namespace", "other", "--cluster", "east")).code).toBe(0);
    expect((await test("--namespace", "shop", "--cluster", "west")).code).toBe(0);
  });

  it("shows what could not be evaluated, and counts it as a failure only with --strict", async () => {
    const path = file("cve.yaml", policy("Some CVE", "CVE", "CVE-2021-44228"));
    const relaxed = await run(["test", path, "--against", "-"], pod("hostIPC: false"));
    expect([relaxed.code, relaxed.stdout]).toEqual([
      0,
      "standard input:1: Pod default/web: not evaluated: Some CVE (not known: image)\n" +
        "1 policy against 1 workload: 0 violated, 0 passed, 1 not evaluated\n",
    ]);
    expect((await run(["test", path, "--strict", "--against", "-"], pod("hostIPC: false"))).code).toBe(1);
  });

  it("takes services, network policies and namespaces of the manifests for what is around the workloads", async () => {
    const path = file("ingress.yaml", policy("No ingress policy", "Has Ingress Network Policy", "false"));
    const manifest = file("pod.yaml", pod("hostIPC: false"));
    const guard = "kind: NetworkPolicy\nmetadata: { name: all }\nspec: { podSelector: {} }\n";
    expect((await run(["test", path, "--strict", "--against", manifest, "-"], guard)).code).toBe(0);
    const unknown = await run(["test", path, "--against", manifest]);
    expect(unknown.stdout).toContain("1 not evaluated");
    expect((await run(["test", path, "--complete", "--against", manifest])).code).toBe(1);
    const other = guard.replace("NetworkPolicy", "CiliumNetworkPolicy");
    expect((await run(["test", path, "--against", manifest, "-"], other)).stdout).toContain("1 not evaluated");
    const scope = "  scope:\n    - namespaceLabel: { key: tier, value: front }\n";
    const scoped = file("labels.yaml", policy("Front only", "Host IPC", "false", scope));
    const namespace = (tier: string): string =>
      `kind: Namespace\nmetadata: { name: default, labels: { tier: ${tier} } }\n`;
    expect((await run(["test", scoped, "--against", manifest, "-"], namespace("front"))).code).toBe(1);
    expect((await run(["test", scoped, "--against", manifest, "-"], namespace("back"))).code).toBe(0);
  });

  it("writes one JSON object", async () => {
    const path = file("net.yaml", policy("Host network", "Host Network", "true"));
    const { stdout } = await run(["test", path, "--output", "json", "--against", "-"], pod("hostNetwork: true"));
    expect(JSON.parse(stdout)).toEqual({
      policies: [{ file: path, line: 1, name: "host-network", policyName: "Host network", valid: true, problems: [] }],
      notTested: [],
      workloads: [
        {
          file: "standard input",
          line: 1,
          kind: "Pod",
          namespace: "default",
          name: "web",
          verdicts: [
            {
              policy: "Host network",
              id: "host-network",
              severity: "LOW_SEVERITY",
              outcome: "violated",
              violations: ["the pod uses the network of the host"],
              missing: [],
            },
          ],
        },
      ],
    });
  });

  it("names policies that no manifest can violate", async () => {
    const text = policy("Shell", "Process Name", "sh").replace(
      "[DEPLOY]",
      "[RUNTIME]\n  eventSource: DEPLOYMENT_EVENT",
    );
    const { stdout } = await run(["test", "-", "--against", file("pod.yaml", pod("hostIPC: true"))], text);
    expect(stdout).toContain("not tested, RUNTIME only: Shell\n");
  });

  it("fails when a policy is invalid or no manifest has a workload", async () => {
    const broken = file("broken.yaml", policy("Broken", "Replicas", "many"));
    const { code, stdout } = await run(["test", broken, "--against", "-"], pod("hostIPC: false"));
    expect([code, stdout]).toEqual([1, expect.stringContaining("1 policy invalid")]);
    const fine = file("fine.yaml", policy("Fine policy", "Replicas", "0"));
    expect((await run(["test", fine, "--against", "-"], "kind: ConfigMap")).code).toBe(1);
  });
});

describe("policy", () => {
  it("teaches with --help", async () => {
    const { code, stdout } = await run(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("kinglet policy test deploy/policies/host-network.yaml --against app.yaml");
    expect(stdout).toContain("Exit codes: 0 fine");
  });

  it.each([
    [[], "what to do is missing"],
    [["lint"], '"lint" is not known'],
    [["validate"], "at least one FILE"],
    [["test", "a.yaml"], "--against MANIFEST"],
    [["validate", "a.yaml", "--against", "b.yaml"], "--against and --images belong to test"],
    [["test", "-", "--against", "-"], "- can be named once only"],
    [["test", "a.yaml", "--images", "x.yaml"], "--against MANIFEST"],
    [["validate", "--colour", "a.yaml"], "unknown flag"],
    [["validate", "/no/such/file.yaml"], "/no/such/file.yaml: there is no such file"],
    [["validate", import.meta.dirname], "the folder has no .yaml, .yml or .json file"],
  ])("ends with 2 for %j", async (argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  it("ends with 2 for inputs that are not text, manifests that are not YAML and wrong image files", async () => {
    const binary = await run(["validate", "-"], Uint8Array.of(0xff, 0xfe, 0x00));
    expect([binary.code, binary.stderr]).toEqual([2, expect.stringContaining("standard input: not UTF-8")]);
    const fine = file("fine.yaml", policy("Fine policy", "Replicas", "0"));
    const manifest = await run(["test", fine, "--against", "-"], "a: b: c");
    expect([manifest.code, manifest.stderr]).toEqual([2, expect.stringContaining("standard input:1:")]);
    const images = file("images.yaml", "images:\n  - ref: web:1\n    scan: { scaned: x }\n");
    const test = await run(["test", fine, "--images", images, "--against", "-"], pod("hostIPC: true"));
    expect([test.code, test.stderr]).toEqual([
      2,
      expect.stringContaining(`${images}:3:21: images[0].scan.scaned is not a known field`),
    ]);
  });
});
