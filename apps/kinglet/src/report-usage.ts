import { hasCode } from "@kinglet/errors";
import { ExitCode, type AppletContext } from "./applet-context.ts";

/** Says what is wrong with the arguments of a tool, a line each, and where help is. */
export async function reportUsage(context: AppletContext, problems: readonly string[]): Promise<ExitCode> {
  const lines = problems.map((problem) => `${context.name}: ${problem}\n`).join("");
  await context.stderr.write(`${lines}${context.invocation} --help explains the arguments\n`);
  return ExitCode.usage;
}

/** The problems that reading settings found, each with its code; undefined when the error is another one. */
export function settingsProblemsOf(error: unknown): readonly string[] | undefined {
  if (!hasCode(error, "KINGLET_ERR_SETTINGS_INVALID")) return undefined;
  return (error as unknown as { readonly details: { readonly problems: readonly string[] } }).details.problems.map(
    (problem) => `KINGLET_ERR_SETTINGS_INVALID: ${problem}`,
  );
}
