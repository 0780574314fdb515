import { describeError } from "@kinglet/errors";
import { loadSettings, printConfig, renderHelp, wantsHelp, type LoadedSettings } from "@kinglet/settings";
import { ExitCode, type AppletContext } from "../../applet-context.ts";
import { reportUsage, settingsProblemsOf } from "../../report-usage.ts";
import { policySettings, type PolicyConfig } from "./config.ts";
import { loadTestPolicies, loadValidatePolicies } from "./lazy.ts";
import { InputProblem } from "./read-inputs.ts";

const summary =
  "Checks SecurityPolicies without a cluster. validate says everything that is wrong with them: line and column, the value, what is permitted. " +
  "test says which workloads of manifests violate which policies, as the admission-controller would; disabled policies are tested, too.";

const examples = `
Examples
  kinglet policy validate deploy/policies
  kinglet policy test deploy/policies/host-network.yaml --against app.yaml
  kubectl get deployments -A -o yaml | kinglet policy test deploy/policies --against -

A FILE is a file, a folder (its .yaml, .yml and .json files) or - for standard input: YAML or JSON,
several documents to a file, and lists as kubectl writes them.

Exit codes: 0 fine; 1 a policy is invalid or violated, or there is nothing to check; 2 wrong
arguments, or a file that cannot be read.
`;

/** An own prefix: a shell in a container of Kinglet has that applet's settings in its environment. */
const envPrefix = "KINGLET_POLICY_";

/**
 * Policies on the command line: from arguments to exit code.
 *
 * Exit codes: 0 fine · 1 a policy is invalid or violated · 2 wrong arguments, or an input that cannot be read.
 */
export async function main(context: AppletContext): Promise<ExitCode> {
  const schema = policySettings();
  if (wantsHelp(context.argv)) {
    const usage = `${context.invocation} validate FILE... | test FILE... --against MANIFEST... [flags]`;
    await context.stdout.write(renderHelp(schema, { usage, summary, envPrefix }) + examples);
    return ExitCode.ok;
  }
  let settings: LoadedSettings<typeof schema>;
  try {
    const argv = repeatAgainst(context.argv);
    settings = await loadSettings(schema, {
      argv,
      env: context.env,
      signal: context.signal,
      envPrefix,
      maxPositionals: Infinity,
    });
  } catch (error) {
    return reportUsage(context, settingsProblemsOf(error) ?? [describeError(error)]);
  }
  if (settings.printConfig !== undefined) {
    await context.stdout.write(printConfig(schema, settings, settings.printConfig));
    return ExitCode.ok;
  }
  const [command, ...files] = settings.positionals;
  const problem = commandProblem(command, files, settings.values);
  if (problem !== undefined) return reportUsage(context, [problem]);
  try {
    if (command === "validate") return await (await loadValidatePolicies()).validate(context, settings.values, files);
    return await (await loadTestPolicies()).test(context, settings.values, files);
  } catch (error) {
    if (!(error instanceof InputProblem)) throw error;
    return reportUsage(context, [error.message]);
  }
}

function commandProblem(
  command: string | undefined,
  files: readonly string[],
  { against, images }: PolicyConfig,
): string | undefined {
  if (command === undefined) return "what to do is missing: validate FILE..., or test FILE... --against MANIFEST...";
  if (command !== "validate" && command !== "test") {
    return `${JSON.stringify(command.slice(0, 60))} is not known: validate and test are`;
  }
  if (files.length === 0) return `${command} needs at least one FILE with policies; - is standard input`;
  const others = images === undefined ? against : [...against, images];
  if (command === "validate" && others.length > 0) return "--against and --images belong to test";
  if (command === "test" && against.length === 0) return "test needs --against MANIFEST...";
  if ([...files, ...others].filter((file) => file === "-").length > 1) return "- can be named once only";
  return undefined;
}

/** `--against A B` as `--against A --against B`: what follows it up to the next flag are manifests. */
function repeatAgainst(argv: readonly string[]): readonly string[] {
  const result: string[] = [];
  let isAgainst = false;
  for (const [index, argument] of argv.entries()) {
    if (argument.startsWith("-") && argument !== "-") isAgainst = argument === "--against";
    else if (isAgainst && argv[index - 1] !== "--against") result.push("--against");
    result.push(argument);
  }
  return result;
}
