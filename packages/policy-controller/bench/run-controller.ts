/** The process that the benchmark measures: a controller at the server that its argument names; prints its memory when a line arrives. */
import { createInterface } from "node:readline";
import { createKubeClient, type ClusterAccess } from "@kinglet/kube-client";
import { runPolicyController } from "../src/run-policy-controller.ts";

const { access, namespace } = JSON.parse(process.argv[2] ?? "") as { access: ClusterAccess; namespace: string };
const client = createKubeClient(access, { writeRate: { perSecond: 100_000, burst: 100_000 } });
// In the product resources are judged in a process of their own; that is measured apart.
const judge = async ({ metadata }: { readonly metadata: { readonly name: string } }) => ({
  isValid: true,
  claimedName: metadata.name,
  message: "",
});
void runPolicyController(
  { client, namespace, judges: { policies: judge, rules: judge } },
  { signal: new AbortController().signal },
);
createInterface({ input: process.stdin }).on("line", () => {
  for (let round = 0; round < 4; round += 1) globalThis.gc?.();
  process.stdout.write(`${JSON.stringify(process.memoryUsage())}\n`);
});
