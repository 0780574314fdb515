import { describe, expect, it } from "vitest";
import { parseServeArguments } from "./serve-options.ts";

function problems(...args: string[]): readonly string[] {
  const parsed = parseServeArguments(["serve", ...args]);
  return parsed.kind === "problems" ? parsed.problems : [];
}

describe("parseServeArguments", () => {
  it("reads flags with a space or an equals sign, and has a default for each", () => {
    expect(parseServeArguments(["serve"])).toEqual({
      kind: "serve",
      options: {
        port: 0,
        kubeconfig: undefined,
        tokenAuthFile: undefined,
        clientCaFile: undefined,
        auditPolicyFile: undefined,
        auditLogFile: undefined,
        seed: undefined,
        load: {},
      },
    });
    expect(
      parseServeArguments([
        "serve",
        "--port",
        "6443",
        "--kubeconfig=k",
        "--token-auth-file",
        "t.csv",
        "--client-ca-file=ca.pem",
        "--audit-policy-file=p.yaml",
        "--audit-log-path=a.jsonl",
        "--seed=7",
        "--load",
        "pods=5,nodes=2",
      ]),
    ).toEqual({
      kind: "serve",
      options: {
        port: 6443,
        kubeconfig: "k",
        tokenAuthFile: "t.csv",
        clientCaFile: "ca.pem",
        auditPolicyFile: "p.yaml",
        auditLogFile: "a.jsonl",
        seed: 7,
        load: { pods: 5, nodes: 2 },
      },
    });
  });

  it("asks for help without a command or with --help", () => {
    expect([[], ["--help"], ["serve", "-h"]].map((args) => parseServeArguments(args).kind)).toEqual([
      "help",
      "help",
      "help",
    ]);
  });

  it("names the thing, the value, the limit and the way out, of every problem", () => {
    expect(
      problems("--port", "70000", "--seed", "-1", "--load", "pods=many,nodes=2000000", "--colour", "red", "extra"),
    ).toEqual([
      "--colour is no flag of kube-sim serve; it knows --port, --kubeconfig, --token-auth-file, --client-ca-file, --audit-policy-file, --audit-log-path, --seed, --load and --help",
      '"extra" is one word too many; kube-sim serve takes flags only: --port, --kubeconfig, --token-auth-file, --client-ca-file, --audit-policy-file, --audit-log-path, --seed, --load',
      '--port is "70000", but must be a whole number from 0 to 65535; leave it out to get a free port',
      '--seed is "-1", but must be a whole number from 0 to 4294967295; leave it out to get other names in each run',
      '--load has "pods=many", but each part must be RESOURCE=COUNT; write --load pods=5000,nodes=10',
      "--load nodes is 2000000, but must be at most 1000000; ask for fewer",
    ]);
    expect(problems("--port")).toEqual(["--port has no value; write --port 6443"]);
    expect(problems("--kubeconfig", "--port", "1")).toEqual([
      "--kubeconfig has no value; write --kubeconfig ./kube-sim.kubeconfig",
    ]);
    expect(problems("--seed", "1", "--seed", "2")).toEqual(["--seed is given twice; give it once"]);
    expect(problems("--audit-log-path", "a.jsonl")).toEqual([
      "--audit-policy-file and --audit-log-path go together: one says what is recorded, the other where; give both",
    ]);
    expect(problems("--kubeconfig=")).toEqual([
      "--kubeconfig is empty, but must name a file; write --kubeconfig ./kube-sim.kubeconfig",
    ]);
    expect(parseServeArguments(["start"])).toEqual({
      kind: "problems",
      problems: ['"start" is no command of kube-sim; the one there is is "serve"'],
    });
  });
});
