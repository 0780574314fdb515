import { createInterface } from "node:readline";
import { describeError } from "@kinglet/errors";
import {
  loadX509Issuer,
  loadResourceJudges,
  type CertificateRequest,
  type ControlledObject,
} from "@kinglet/policy-controller";
import { ExitCode, type AppletContext } from "../../applet-context.ts";
import type { WorkAnswer, WorkRequest } from "./work-process.ts";

/**
 * The process that works for a config-controller: a request per line of standard input, its answer as a line of standard output, until the input ends.
 *
 * It is no command for people: private keys pass through it, so it is run through pipes only.
 */
export async function serveWork(context: AppletContext): Promise<ExitCode> {
  const { openResourceJudges } = await loadResourceJudges();
  const judges = openResourceJudges();
  const work = async ({ task, input }: WorkRequest): Promise<unknown> => {
    if (task !== "certificate") return judges[task](input as ControlledObject);
    const { x509Issuer } = await loadX509Issuer();
    return x509Issuer.issue(input as CertificateRequest);
  };
  for await (const line of createInterface({ input: context.process.stdin, crlfDelay: Infinity })) {
    let answer: WorkAnswer;
    try {
      answer = { output: await work(JSON.parse(line) as WorkRequest) };
    } catch (error) {
      answer = { problem: describeError(error) };
    }
    await context.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  return ExitCode.ok;
}
