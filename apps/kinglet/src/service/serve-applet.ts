import {
  createReadiness,
  openDebugEndpoints,
  openEndpoints,
  type DebugRoute,
  type ReadinessRegistry,
} from "@kinglet/endpoints";
import { disposeWithin } from "@kinglet/lifecycle";
import { openLogging, type Logger, type LogLevel, type Logging } from "@kinglet/logger";
import type { MemoryLimit } from "@kinglet/memory-limit";
import { collectProcessMetrics, createMetrics, type MetricsRegistry } from "@kinglet/metrics";
import { ExitCode, type AppletContext } from "../applet-context.ts";
import { describeFault } from "../describe-fault.ts";
import { openMemoryWatch, type MemoryWatch } from "./memory-watch.ts";
import type { ServiceConfig } from "./service-settings.ts";

/** What every part of an applet that serves gets. */
export interface Service {
  readonly context: AppletContext;
  readonly logging: Logging;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly memory: MemoryWatch;
  readonly readiness: ReadinessRegistry;
}

/** How an applet that serves is put together. */
export interface ServicePlan {
  /**
   * Registers what must be in order before the program is ready: before the listener opens, or its first answers would say ready. What it returns is what `/readyz`
   * shows, usually the registry itself.
   */
  prepare(service: Service): ReadinessRegistry;
  readonly debugRoutes: Readonly<Record<string, DebugRoute>>;
  /** Opens the parts onto the stack and runs them until the context's signal fires. */
  run(service: Service, stack: AsyncDisposableStack): Promise<void>;
  /** Codes of errors that another setting would make right. */
  readonly wrongSettings: readonly string[];
  /** Codes of errors about inputs that somebody has to correct. */
  readonly unusableInputs: readonly string[];
  /** Closing takes less than this, milliseconds. */
  readonly closeWithinMs: number;
}

/**
 * From checked settings to the exit code: opens logs, listeners and parts, runs, closes everything in reverse.
 *
 * @internal
 */
export async function serveApplet(
  config: ServiceConfig,
  warnings: readonly string[],
  limit: MemoryLimit,
  context: AppletContext,
  plan: ServicePlan,
): Promise<ExitCode> {
  const { clock } = context;
  const stack = new AsyncDisposableStack();
  const logging = stack.use(openAppletLogging(config, context));
  const logger = logging.logger(context.name);
  for (const warning of warnings) logger.warn(warning);
  try {
    const metrics = createMetrics();
    stack.defer(collectProcessMetrics(metrics));
    const { snapshotDir } = config;
    const memory = openMemoryWatch(
      { limit, snapshotDir, context, logger: logging.logger("memory-limit"), metrics },
      stack,
    );
    const service: Service = { context, logging, logger, metrics, memory, readiness: createReadiness() };
    const readiness = plan.prepare(service);
    stack.defer(
      service.readiness.onChange((isReady) => {
        if (isReady) memory.settle();
      }),
    );
    stack.use(
      await openEndpoints({
        bind: config.metricsBind,
        readiness,
        metrics: () => {
          memory.observeGc();
          return metrics.exposition();
        },
        logger: logging.logger("endpoints"),
        clock,
      }),
    );
    stack.use(
      await openDebugEndpoints({
        bind: config.debugBind,
        routes: { ...plan.debugRoutes, ...serviceRoutes(logging, memory) },
        ...(config.debugTokenFile === undefined ? {} : { tokenFile: config.debugTokenFile }),
        logger: logging.logger("endpoints"),
        clock,
      }),
    );
    await plan.run(service, stack);
    logger.info("stopped");
    return ExitCode.ok;
  } catch (error) {
    logger.error(describeFault(error));
    return exitCodeOf(error, plan);
  } finally {
    await disposeWithin(stack, plan.closeWithinMs, clock);
  }
}

function openAppletLogging(config: ServiceConfig, context: AppletContext): Logging {
  const isTerminal = context.stderr.isTerminal;
  const format = config.logFormat === "auto" ? (isTerminal ? "console" : "json") : config.logFormat;
  return openLogging({
    level: config.logLevel,
    moduleLevels: new Map<string, LogLevel>(Object.entries(config.moduleLogLevels)),
    format,
    color: isTerminal && format === "console" && (context.env["NO_COLOR"] ?? "") === "",
    clock: context.clock,
    ...(config.loggingToFile ? { file: { path: config.logFile } } : {}),
  });
}

/** Debug endpoints of every applet. */
function serviceRoutes(logging: Logging, memory: MemoryWatch): Readonly<Record<string, DebugRoute>> {
  return {
    "/debug/loglevel": {
      get: () => ({ json: logging.levels() }),
      patch: ({ query }) => {
        const modules = query.getAll("module");
        const { changed, unknown } = logging.setLevel(
          query.get("level") ?? "",
          modules.length === 0 ? undefined : modules,
        );
        return { status: unknown.length === 0 ? 200 : 422, json: { changed, unknown } };
      },
    },
    "/debug/heap": {
      get: () => ({ json: memory.heapStatistics() }),
      post: async () => ({ json: { path: await memory.writeSnapshot() } }),
    },
  };
}

/** Codes that mean the same in every applet. */
const listenerSettings: ReadonlySet<string> = new Set([
  "KINGLET_ERR_ENDPOINTS_BIND",
  "KINGLET_ERR_ENDPOINTS_ADDRESS",
  "KINGLET_ERR_ENDPOINTS_DEBUG_EXPOSED",
]);
const clusterInputs: ReadonlySet<string> = new Set([
  "KINGLET_ERR_ENDPOINTS_TOKEN_FILE",
  "KINGLET_ERR_KUBE_CLIENT_CONFIG",
  "KINGLET_ERR_KUBE_CLIENT_NO_CONFIG",
  "KINGLET_ERR_KUBE_CLIENT_CREDENTIALS",
]);

function exitCodeOf(error: unknown, plan: ServicePlan): ExitCode {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code !== "string") return ExitCode.fault;
  if (listenerSettings.has(code) || plan.wrongSettings.includes(code)) return ExitCode.usage;
  return clusterInputs.has(code) || plan.unusableInputs.includes(code) ? ExitCode.input : ExitCode.fault;
}
