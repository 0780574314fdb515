import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { appletFile } from "./applet-bundles.ts";
import { shortenNames } from "./shorten-names.ts";
import { build, type BuildOptions, type Plugin } from "esbuild";

/** How every file of the program is bundled. */
export const bundleOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "cjs",
  conditions: ["@kinglet/source"],
  charset: "ascii",
  // A dynamic import of something outside becomes a require: in a single executable only that can be led to an asset, and an ESM import of a
  // Node module would evaluate every export of it.
  supported: { "dynamic-import": false },
  legalComments: "none",
  minifyWhitespace: true,
  minifySyntax: true,
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

/** Something that lies in a file of its own beside the bundles. */
export interface OutsidePart {
  /** How the importing file names it. */
  readonly importedAs: RegExp;
  readonly file: string;
  /** What the file holds, as a module. */
  readonly contents: string;
  /** Folder from which the imports of `contents` are resolved. */
  readonly resolveFrom: string;
  /** The only applet that does without it; the others have it in their bundles. Absent: all do. */
  readonly onlyFor?: string;
}

/**
 * Parts that most runs of the program never need.
 *
 * Inside the bundle a part costs its source text in memory even when nothing of it runs: 164 KB for YAML, 117 KB for CEL, 45 KB for the
 * `heap` applet, which a person runs. Outside it costs nothing until it is loaded.
 */
export const outsideParts: readonly OutsidePart[] = [
  {
    importedAs: /^yaml$/,
    file: "kinglet.yaml.cjs",
    contents: 'export { parse, parseAllDocuments, parseDocument, stringify } from "yaml";',
    resolveFrom: "packages/settings",
  },
  {
    importedAs: /^@marcbachmann\/cel-js$/,
    file: "kinglet.cel-js.cjs",
    contents: 'export { Environment } from "@marcbachmann/cel-js";',
    resolveFrom: "packages/policy-engine",
  },
  {
    // The config-controller asks for JSON.
    importedAs: /^\.\/protobuf\/protobuf-streams\.ts$/,
    file: "kinglet.protobuf-streams.cjs",
    contents: 'export * from "./protobuf/protobuf-streams.ts";',
    resolveFrom: "packages/kube-client/src",
    onlyFor: "config-controller",
  },
  {
    // The field table of all kinds: the applets' decoders are written at build time.
    importedAs: /^\.\/protobuf\/table-decoder\.ts$/,
    file: "kinglet.table-decoder.cjs",
    contents: 'export { createTableDecoder } from "./protobuf/table-decoder.ts";',
    resolveFrom: "packages/kube-client/src",
  },
  {
    // Judging resources takes place in a process of its own.
    importedAs: /^\.\/(?:resources\/)?resource-judges\.ts$/,
    file: "kinglet.resource-judges.cjs",
    contents: 'export * from "./resource-judges.ts";',
    resolveFrom: "packages/policy-controller/src/resources",
  },
  {
    importedAs: /^\.\/serve-work\.ts$/,
    file: "kinglet.config-work.cjs",
    contents: 'export * from "./serve-work.ts";',
    resolveFrom: "apps/kinglet/src/applets/config-controller",
  },
  {
    // Certificates are made in a process of their own, every few weeks.
    importedAs: /^\.\/certificates\/x509-issuer\.ts$/,
    file: "kinglet.x509.cjs",
    contents: 'export { x509Issuer } from "./certificates/x509-issuer.ts";',
    resolveFrom: "packages/policy-controller/src",
  },
  {
    importedAs: /^@kinglet\/policy-engine\/security-policy$/,
    file: "kinglet.security-policy.cjs",
    contents: 'export * from "./security-policy/index.ts";',
    resolveFrom: "packages/policy-engine/src",
  },
  {
    importedAs: /^re2js$/,
    file: "kinglet.re2js.cjs",
    contents: 'export * from "re2js";',
    resolveFrom: "packages/policy-engine",
  },
  {
    // Not in a pod.
    importedAs: /^\.\/kubeconfig-files\.ts$/,
    file: "kinglet.kubeconfig-files.cjs",
    contents: 'export * from "./kubeconfig-files.ts";',
    resolveFrom: "packages/kube-client/src/kubeconfig",
  },
  {
    // A server or a proxy without HTTP/2.
    importedAs: /^\.\/(?:http1\/)?http1-transport\.ts$/,
    file: "kinglet.http1-transport.cjs",
    contents: 'export * from "./http1-transport.ts";',
    resolveFrom: "packages/kube-client/src/http1",
  },
  {
    // Behind a proxy.
    importedAs: /^\.\/(?:proxy\/)?open-through-proxy\.ts$/,
    file: "kinglet.open-through-proxy.cjs",
    contents: 'export * from "./open-through-proxy.ts";',
    resolveFrom: "packages/kube-client/src/proxy",
  },
  {
    // Behind a proxy.
    importedAs: /^\.\/(?:proxy\/)?proxy-from-env\.ts$/,
    file: "kinglet.proxy-from-env.cjs",
    contents: 'export * from "./proxy-from-env.ts";',
    resolveFrom: "packages/kube-client/src/proxy",
  },
  {
    // Built-in kinds travel as protobuf.
    importedAs: /^\.\/json-streams\.ts$/,
    file: "kinglet.json-streams.cjs",
    contents: 'export * from "./json-streams.ts";',
    resolveFrom: "packages/kube-client/src",
  },
  {
    importedAs: /^\.\/gunzip-body\.ts$/,
    file: "kinglet.gunzip-body.cjs",
    contents: 'export * from "./gunzip-body.ts";',
    resolveFrom: "packages/kube-client/src",
  },
  {
    importedAs: /^\.\/warning-log\.ts$/,
    file: "kinglet.warning-log.cjs",
    contents: 'export * from "./warning-log.ts";',
    resolveFrom: "packages/kube-client/src",
  },
  {
    // Needed with the first profile or rule.
    importedAs: /^\.\/cel-js-engine\.ts$/,
    file: "kinglet.cel-engine.cjs",
    contents: 'export * from "./cel-js-engine.ts";',
    resolveFrom: "packages/policy-engine/src",
  },
  {
    // Judging reviews: needed with the first bundle. Both in one file, because they have most of it in common.
    importedAs: /^\.\/(?:policy-parts|review-parts)\.ts$/,
    file: "kinglet.reviews.cjs",
    contents: 'export * from "./settings/policy-parts.ts"; export * from "./review-parts.ts";',
    resolveFrom: "packages/admission/src",
  },
  {
    importedAs: /^\.\/admission-alerts\.ts$/,
    file: "kinglet.admission-alerts.cjs",
    contents: 'export * from "./admission-alerts.ts";',
    resolveFrom: "apps/kinglet/src/applets/admission-controller",
  },
  {
    importedAs: /^\.\/cluster-events\.ts$/,
    file: "kinglet.cluster-events.cjs",
    contents: 'export * from "./cluster-events.ts";',
    resolveFrom: "apps/kinglet/src/applets/admission-controller",
  },
  {
    // Only a cluster whose state went back asks for it.
    importedAs: /^\.\/version-probe\.ts$/,
    file: "kinglet.version-probe.cjs",
    contents: 'export * from "./version-probe.ts";',
    resolveFrom: "packages/kube-client/src",
  },
  {
    // Lists come in pages unless they are asked for as streams.
    importedAs: /^\.\/streamed-lists\.ts$/,
    file: "kinglet.streamed-lists.cjs",
    contents: 'export * from "./streamed-lists.ts";',
    resolveFrom: "packages/kube-client/src",
  },
  {
    // A node without pods of a CronJob names none of its runs.
    importedAs: /^\.\/pods\/run-names\.ts$/,
    file: "kinglet.run-names.cjs",
    contents: 'export { RunNames } from "./pods/run-names.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    // A node whose containers talk to nobody inside the cluster asks whose no address is.
    importedAs: /^\.\/pods\/peer-book\.ts$/,
    file: "kinglet.peers.cjs",
    contents: 'export { PeerBook } from "./pods/peer-book.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    // Needed with the first event of a container.
    importedAs: /^\.\/events\/judgement\.ts$/,
    file: "kinglet.judgement.cjs",
    contents: 'export { openJudgement } from "./events/judgement.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    importedAs: /^\.\/rule-judge\.ts$/,
    file: "kinglet.rule-judge.cjs",
    contents: 'export { openRuleJudge } from "./rule-judge.ts";',
    resolveFrom: "packages/detection/src",
  },
  {
    // Needed with the first container.
    importedAs: /^\.\/learning\/container-learning\.ts$/,
    file: "kinglet.learning.cjs",
    contents: 'export { openContainerLearning } from "./learning/container-learning.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    importedAs: /^\.\/rules\/builtin-rules\.ts$/,
    file: "kinglet.rules.cjs",
    contents: 'export { builtinRules } from "./rules/builtin-rules.ts";',
    resolveFrom: "packages/detection/src",
  },
  {
    importedAs: /^\.\/rule-books\.ts$/,
    file: "kinglet.rule-books.cjs",
    contents: 'export * from "./rule-books.ts";',
    resolveFrom: "packages/detection/src",
  },
  {
    importedAs: /^\.\/rules\/rule-room\.ts$/,
    file: "kinglet.rule-room.cjs",
    contents: 'export { openRuleRoom } from "./rules/rule-room.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    // Files of rules.
    importedAs: /^\.\/rules\/yaml-documents\.ts$/,
    file: "kinglet.yaml-documents.cjs",
    contents: 'export { parseYamlDocuments } from "./rules/yaml-documents.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    importedAs: /^\.\/commands\/yaml-text\.ts$/,
    file: "kinglet.yaml-text.cjs",
    contents: 'export { toJson, toYaml } from "./commands/yaml-text.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    // Other sources than Tetragon's file.
    importedAs: /^\.\/events\/more-sources\.ts$/,
    file: "kinglet.more-sources.cjs",
    contents: 'export { eventFolder, openMoreSources, whenConnected } from "./events/more-sources.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    importedAs: /^@kinglet\/runtime-events\/tetragon-grpc$/,
    file: "kinglet.tetragon-grpc.cjs",
    contents: 'export { openTetragonGrpcSource, withAgentLosses } from "./tetragon-grpc/index.ts";',
    resolveFrom: "packages/runtime-events/src",
  },
  {
    importedAs: /^@kinglet\/runtime-events\/linux-audit$/,
    file: "kinglet.linux-audit.cjs",
    contents: 'export { openAuditLogSource, openAuditSocketSource } from "./linux-audit/index.ts";',
    resolveFrom: "packages/runtime-events/src",
  },
  {
    // Findings of other programs.
    importedAs: /^\.\/events\/open-findings\.ts$/,
    file: "kinglet.findings.cjs",
    contents: 'export { openFindings } from "./events/open-findings.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    // Only where receivers besides standard output are set.
    importedAs: /^\.\/alerts\/alert-exporters\.ts$/,
    file: "kinglet.alert-exporters.cjs",
    contents: 'export { openAlertExporters } from "./alerts/alert-exporters.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    // Needed with the first event of one of Tetragon's policies.
    importedAs: /^\.\/tetragon\/decode-activity\.ts$/,
    file: "kinglet.tetragon-activity.cjs",
    contents: 'export * from "./tetragon/decode-activity.ts";',
    resolveFrom: "packages/runtime-events/src",
  },
  {
    // Needed with the first line of Tetragon's export file.
    importedAs: /^\.\/tetragon-lines\.ts$/,
    file: "kinglet.tetragon-lines.cjs",
    contents: 'export { TetragonLines } from "./tetragon-lines.ts";',
    resolveFrom: "packages/runtime-events/src",
  },
  {
    // What a person runs.
    importedAs: /^\.\/commands\/run-sensor-command\.ts$/,
    file: "kinglet.sensor-commands.cjs",
    contents: 'export { runSensorCommand } from "./commands/run-sensor-command.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    // What a person looks at.
    importedAs: /^\.\/debug\/debug-views\.ts$/,
    file: "kinglet.debug-views.cjs",
    contents: 'export { containersView, informerRows, ruleRows } from "./debug/debug-views.ts";',
    resolveFrom: "apps/kinglet/src/applets/sensor",
  },
  {
    // A node without containers has nothing to keep fresh.
    importedAs: /^\.\/profile-refresher\.ts$/,
    file: "kinglet.profile-refresher.cjs",
    contents: 'export { ProfileRefresher } from "./profile-refresher.ts";',
    resolveFrom: "packages/profile-cache/src",
  },
  {
    // A sensor without a profile makes none.
    importedAs: /^\.\/profile-composer\.ts$/,
    file: "kinglet.profile-composer.cjs",
    contents: 'export { offerOriginalMetrics, ProfileComposer, takeContent } from "./profile-composer.ts";',
    resolveFrom: "packages/profile-cache/src",
  },
  {
    // A node without pods asks the profile store for nothing.
    importedAs: /^\.\/kubernetes-profile-store\.ts$/,
    file: "kinglet.kubernetes-store.cjs",
    contents: 'export { KubernetesProfileStore } from "./kubernetes-profile-store.ts";',
    resolveFrom: "packages/storage-client/src",
  },
  {
    importedAs: /^\.\/create-directory-profile-store\.ts$/,
    file: "kinglet.directory-store.cjs",
    contents: 'export { createDirectoryProfileStore } from "./create-directory-profile-store.ts";',
    resolveFrom: "packages/storage-client/src",
  },
];

/** Names of the parts' files. */
export const outsideFiles: readonly string[] = outsideParts.map((part) => part.file);

/** Leads imports of an applet to its bundle, and those of an outside part to its file. */
export function partsOutside(
  parts: readonly OutsidePart[] = outsideParts,
  { areAppletsOutside = true }: { readonly areAppletsOutside?: boolean } = {},
): Plugin {
  return {
    name: "parts-outside",
    setup(context) {
      if (areAppletsOutside) {
        context.onResolve({ filter: /^\.\/applets\/[\w-]+\/applet\.ts$/ }, ({ path }) => ({
          path: `./${appletFile(basename(dirname(path)))}`,
          external: true,
        }));
      }
      for (const { importedAs, file } of parts) {
        context.onResolve({ filter: importedAs }, () => ({ path: `./${file}`, external: true }));
      }
    },
  };
}

/**
 * Bundles each outside part with just what the program uses of it.
 *
 * @returns the source files that went in, for the notices.
 */
export async function bundleOutsideParts(root: string, folder: string): Promise<readonly string[]> {
  const inputs: string[] = [];
  for (const part of outsideParts) {
    const outfile = join(folder, part.file);
    const result = await build({
      ...bundleOptions,
      stdin: { contents: part.contents, resolveDir: join(root, part.resolveFrom), loader: "ts" },
      absWorkingDir: root,
      outfile,
      plugins: [partsOutside(outsideParts.filter((other) => other !== part))],
      sourcemap: "external",
    });
    await shortenNames(outfile);
    await rm(`${outfile}.map`);
    inputs.push(...Object.keys(result.metafile.inputs));
  }
  return inputs;
}
