import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TetragonFileSource } from "@kinglet/runtime-events";
import type { EventSource, OpenedSource } from "./event-source.ts";
import { JoinedSource } from "./joined-source.ts";
import { loadLinuxAudit, loadTetragonGrpc } from "../lazy.ts";
import type { PartsContext } from "../parts-context.ts";

export { eventFolder, whenConnected } from "./when-connected.ts";

/** What reads the export file. */
type FileSource = OpenedSource & { readonly source: TetragonFileSource };

/**
 * Opens any other choice of sources than Tetragon's file alone, without its metrics.
 *
 * @throws coded errors for inputs that cannot be used.
 *
 * @internal
 */
export async function openMoreSources(
  base: PartsContext,
  { openFileSource }: { readonly openFileSource: () => Promise<FileSource> },
  stack: AsyncDisposableStack,
): Promise<OpenedSource> {
  const opened: OpenedSource[] = [];
  for (const name of base.config.eventSources) {
    if (name === "tetragon-file") opened.push(await withLosses(await openFileSource(), base));
    else if (name === "tetragon-grpc") opened.push(await openGrpc(base, stack));
    else opened.push(await openAudit(base, stack));
  }
  const [first] = opened;
  if (first !== undefined && opened.length === 1) return first;
  const sources: readonly EventSource[] = opened.map(({ source }) => source);
  return {
    source: new JoinedSource(sources),
    isContinued: opened.every(({ isContinued }) => isContinued),
    awaited: opened.flatMap(({ awaited }) => awaited ?? []),
  };
}

async function withLosses(
  opened: FileSource,
  { config, context, logging, metrics }: PartsContext,
): Promise<OpenedSource> {
  const { tetragonMetrics: url } = config;
  if (url === undefined) return opened;
  const { withAgentLosses } = await loadTetragonGrpc();
  const logger = logging.logger("runtime-events");
  return { ...opened, source: withAgentLosses(opened.source, { url, clock: context.clock, logger, metrics }) };
}

async function openGrpc(base: PartsContext, stack: AsyncDisposableStack): Promise<OpenedSource> {
  const { config, context, logging, metrics } = base;
  const { openTetragonGrpcSource } = await loadTetragonGrpc();
  const { tetragonCaFile, tetragonCertFile, tetragonKeyFile, tetragonServerName, tetragonMetrics } = config;
  const tls = {
    ...(tetragonCaFile === undefined ? {} : { caPath: tetragonCaFile }),
    ...(tetragonCertFile === undefined ? {} : { certificatePath: tetragonCertFile }),
    ...(tetragonKeyFile === undefined ? {} : { keyPath: tetragonKeyFile }),
    ...(tetragonServerName === undefined ? {} : { serverName: tetragonServerName }),
  };
  const source = stack.use(
    await openTetragonGrpcSource({
      address: config.tetragonAddress,
      ...(Object.keys(tls).length === 0 ? {} : { tls }),
      ...(tetragonMetrics === undefined ? {} : { agentMetricsUrl: tetragonMetrics }),
      nodeName: config.nodeName ?? "",
      clock: context.clock,
      logger: logging.logger("runtime-events"),
      metrics,
    }),
  );
  return { source, isContinued: false, awaited: [source] };
}

async function openAudit(base: PartsContext, stack: AsyncDisposableStack): Promise<OpenedSource> {
  const { config, context, logging, metrics } = base;
  const { openAuditLogSource, openAuditSocketSource } = await loadLinuxAudit();
  const common = {
    nodeName: config.nodeName ?? "",
    procRoot: config.auditProcRoot,
    ...(config.auditctl === undefined ? {} : { auditctl: config.auditctl }),
    clock: context.clock,
    logger: logging.logger("runtime-events"),
    metrics,
  };
  if (config.auditLog === undefined) {
    const source = stack.use(await openAuditSocketSource({ ...common, path: config.auditSocket ?? "" }));
    return { source, isContinued: false, awaited: [source] };
  }
  const checkpointPath = join(config.stateDir, "audit-checkpoint.json");
  const isContinued = existsSync(checkpointPath);
  const startAt = config.startAt === "end" ? "checkpoint-or-end" : "checkpoint-or-beginning";
  const source = stack.use(await openAuditLogSource({ ...common, path: config.auditLog, checkpointPath, startAt }));
  return { source, isContinued };
}
