import { ExitCode, type AppletContext } from "../../applet-context.ts";
import type { PolicyConfig } from "./config.ts";
import { readInputs } from "./read-inputs.ts";
import { readPolicies, type PolicySource, type ReadPolicies } from "./read-policies.ts";
import { renderProblems } from "./render-problems.ts";

/** `validate`: everything that is wrong with the policies of the files. Exit code 1 when one is invalid or there is none. */
export async function validate(
  context: AppletContext,
  config: PolicyConfig,
  files: readonly string[],
): Promise<ExitCode> {
  const read = await readPolicies(await readInputs(files, context));
  const { sources } = read;
  const isFine = sources.length > 0 && sources.every(({ policy }) => policy !== undefined);
  await context.stdout.write(config.output === "json" ? renderJson(read) : renderText(read));
  return isFine ? ExitCode.ok : ExitCode.fault;
}

function renderText({ sources, others }: ReadPolicies): string {
  const invalid = sources.filter(({ policy }) => policy === undefined).length;
  const passed = others === 0 ? "" : `; passed over ${count(others, "document")} of other kinds`;
  if (sources.length === 0) return `no SecurityPolicy in these files${passed}\n`;
  const warnings = sources.flatMap(({ problems }) => problems).filter(({ level }) => level === "warning").length;
  const summary = [
    `${count(sources.length, "policy", "policies")}: ${sources.length - invalid} valid`,
    ...(invalid > 0 ? [`${invalid} invalid`] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
  ];
  return `${renderProblems(sources)}${summary.join(", ")}${passed}\n`;
}

function renderJson({ sources, others }: ReadPolicies): string {
  const valid = sources.filter(({ policy }) => policy !== undefined).length;
  const result = {
    valid,
    invalid: sources.length - valid,
    otherDocuments: others,
    policies: sources.map(describeSource),
  };
  return `${JSON.stringify(result, undefined, 2)}\n`;
}

/** A policy as JSON output shows it. */
export function describeSource({ file, line, name, policyName, policy, problems }: PolicySource): object {
  return { file, line, name, policyName, valid: policy !== undefined, problems };
}

/** `1 policy`, `2 policies`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
