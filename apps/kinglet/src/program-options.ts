import { describeError } from "@kinglet/errors";
import { ExitCode, type TextOutput } from "./applet-context.ts";
import type { AppletEntry } from "./applets.ts";
import { endOption } from "./end-process.ts";
import { loadInstallLinks } from "./lazy.ts";
import { programHelp } from "./program-help.ts";
import type { Resolution } from "./resolve-applet.ts";

/**
 * What the program's own options need.
 *
 * @internal
 */
export interface ProgramContext {
  /** The executable of this process, absolute. */
  readonly program: string;
  /** The script of this process; the executable itself for a single executable. */
  readonly script: string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly version: string;
  readonly applets: readonly AppletEntry[];
}

/**
 * Answers `--list`, `--help`, `--version` and `--install` from the table's strings; no applet is loaded.
 *
 * @internal
 */
export async function runOption(
  { option, argv }: Extract<Resolution, { kind: "option" }>,
  context: ProgramContext,
): Promise<ExitCode> {
  const { stdout, stderr } = context;
  switch (option) {
    case "--list":
      await stdout.write(context.applets.map((entry) => `${entry.name}\n`).join(""));
      return ExitCode.ok;
    case "--version":
      await stdout.write(`${context.version}\n`);
      return ExitCode.ok;
    case "--help":
    case "-h":
      await stdout.write(programHelp(context.applets, context.version));
      return ExitCode.ok;
    case "--install":
      return install(argv, context);
    case endOption:
      return Number(argv[0]) as ExitCode;
    default:
      await stderr.write(`kinglet: unknown option ${option}; kinglet --help shows what there is\n`);
      return ExitCode.usage;
  }
}

async function install(argv: readonly string[], context: ProgramContext): Promise<ExitCode> {
  const relative = argv.includes("--relative");
  const folders = argv.filter((argument) => argument !== "--relative");
  const [folder] = folders;
  if (folder === undefined || folders.length > 1 || folder.startsWith("-")) {
    await context.stderr.write("kinglet: --install needs one folder: kinglet --install [--relative] DIR\n");
    return ExitCode.usage;
  }
  const { installLinks } = await loadInstallLinks();
  try {
    const names = context.applets.map((entry) => entry.name);
    const links = installLinks(context.script, folder, names, { relative });
    await context.stdout.write(links.map((link) => `${link.path}: ${link.state}\n`).join(""));
    return ExitCode.ok;
  } catch (error) {
    await context.stderr.write(`kinglet: ${describeError(error)}\n`);
    return ExitCode.fault;
  }
}
