import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  type IConfigFile,
  type IExtractorMessagesConfig,
} from "@microsoft/api-extractor";
import type { PackageEntry } from "./package-entries.ts";

/** What users of one entry of a package see. */
export interface ApiReport {
  /** Text of `etc/NAME.api.md`, or of `etc/NAME.ENTRY.api.md` for a sub-path. */
  readonly text: string;
  /** One line each: exports without a release tag. */
  readonly problems: readonly string[];
}

/**
 * Reads the declarations of one entry of a built package and writes down its public surface.
 *
 * Needs what `tsc -b` leaves in `dist`, of the package and of those it imports. About a second an entry, most of it the compiler.
 *
 * @param folder - absolute path of the package.
 */
export async function apiReport(folder: string, { report, declarations }: PackageEntry): Promise<ApiReport> {
  const scratch = await mkdtemp(join(tmpdir(), "kinglet-api-"));
  const fileName = `${report}.api.md`;
  const problems: string[] = [];
  try {
    Extractor.invoke(
      ExtractorConfig.prepare({
        configObject: configOf(folder, join(folder, declarations), { scratch, fileName }),
        configObjectFullPath: undefined,
        packageJsonFullPath: join(folder, "package.json"),
      }),
      {
        // "Local" writes the new report where the other mode would only complain.
        localBuild: true,
        messageCallback: (message) => {
          message.handled = true;
          if (isProblem(message)) problems.push(describe(message));
        },
      },
    );
    return { text: await readFile(join(scratch, fileName), "utf8"), problems };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function isProblem({ logLevel, messageId }: ExtractorMessage): boolean {
  return (
    logLevel === ExtractorLogLevel.Error ||
    (logLevel === ExtractorLogLevel.Warning && !messageId.startsWith("console-"))
  );
}

function describe({ sourceFilePath, sourceFileLine, text }: ExtractorMessage): string {
  const place = sourceFilePath === undefined ? "" : `${sourceFilePath}:${String(sourceFileLine ?? 1)}: `;
  return `${place}${text}`;
}

function configOf(
  folder: string,
  entry: string,
  { scratch, fileName }: { readonly scratch: string; readonly fileName: string },
): IConfigFile {
  return {
    projectFolder: folder,
    mainEntryPointFilePath: entry,
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          target: "es2024",
          lib: ["es2024", "esnext.disposable", "esnext.collection"],
          module: "nodenext",
          moduleResolution: "nodenext",
          types: ["node"],
          strict: true,
          skipLibCheck: true,
          allowImportingTsExtensions: true,
          noEmit: true,
        },
        files: [entry],
      },
    },
    apiReport: {
      enabled: true,
      reportFolder: scratch,
      reportTempFolder: join(scratch, "temp"),
      reportFileName: fileName,
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: "lf",
    messages: messages(),
  };
}

function messages(): IExtractorMessagesConfig {
  return {
    compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Warning } },
    extractorMessageReporting: {
      default: { logLevel: ExtractorLogLevel.None },
      "ae-missing-release-tag": { logLevel: ExtractorLogLevel.Warning },
      // A public declaration that names a type which nobody can import stands in the report for the reviewer.
      "ae-forgotten-export": { logLevel: ExtractorLogLevel.None, addToApiReportFile: true },
      "ae-incompatible-release-tags": { logLevel: ExtractorLogLevel.None, addToApiReportFile: true },
    },
    tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
  };
}
