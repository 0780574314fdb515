import { createReadiness, openDebugEndpoints, openEndpoints } from "@kinglet/endpoints";
import { disposeWithin } from "@kinglet/lifecycle";
import { openLogging, type LogLevel, type Logging } from "@kinglet/logger";
import type { MemoryLimit } from "@kinglet/memory-limit";
import { collectProcessMetrics, createMetrics } from "@kinglet/metrics";
import { ExitCode, type AppletContext } from "../../applet-context.ts";
import { describeFault } from "../../describe-fault.ts";
import { openMemoryWatch } from "../../service/memory-watch.ts";
import type { SensorConfig } from "./config.ts";
import { debugRoutes } from "./debug-routes.ts";
import { registerConditions, runSensor } from "./run-sensor.ts";
import { openSensorParts, type SensorParts } from "./sensor-parts.ts";

/** Closing takes less than this, milliseconds: after 5 s for the alerts and 2 s for the parts, a stop stays below ten seconds. */
const closeWithinMs = 2_500;

/**
 * From checked settings to the exit code: opens logs, listeners and parts, runs, closes everything in reverse.
 *
 * @internal
 */
export async function serveSensor(
  config: SensorConfig,
  warnings: readonly string[],
  limit: MemoryLimit,
  context: AppletContext,
): Promise<ExitCode> {
  const { clock } = context;
  const stack = new AsyncDisposableStack();
  const logging = stack.use(openSensorLogging(config, context));
  const logger = logging.logger("sensor");
  for (const warning of warnings) logger.warn(warning);
  try {
    const metrics = createMetrics();
    stack.defer(collectProcessMetrics(metrics));
    const { snapshotDir } = config;
    const memory = openMemoryWatch(
      { limit, snapshotDir, context, logger: logging.logger("memory-limit"), metrics },
      stack,
    );
    const readiness = createReadiness();
    stack.defer(
      readiness.onChange((isReady) => {
        if (isReady) memory.settle();
      }),
    );
    const conditions = registerConditions(readiness);
    const opened: { parts?: SensorParts } = {};
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
        routes: debugRoutes(opened, logging, memory),
        ...(config.debugTokenFile === undefined ? {} : { tokenFile: config.debugTokenFile }),
        logger: logging.logger("endpoints"),
        clock,
      }),
    );
    opened.parts = await openSensorParts(
      { config, context, logging, metrics, memoryLimitBytes: memory.limitBytes },
      stack,
    );
    await runSensor(opened.parts, context, conditions, logger);
    logger.info("stopped");
    return ExitCode.ok;
  } catch (error) {
    logger.error(describeFault(error));
    return exitCodeOf(error);
  } finally {
    await disposeWithin(stack, closeWithinMs, clock);
  }
}

function openSensorLogging(config: SensorConfig, context: AppletContext): Logging {
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

/** Settings that no other input would make right. */
const wrongSettings: ReadonlySet<string> = new Set([
  "KINGLET_ERR_ENDPOINTS_BIND",
  "KINGLET_ERR_ENDPOINTS_ADDRESS",
  "KINGLET_ERR_ENDPOINTS_DEBUG_EXPOSED",
]);

/** Inputs that somebody has to correct; everything else is a fault of the moment. */
const unusableInputs: ReadonlySet<string> = new Set([
  "KINGLET_ERR_KINGLET_STATE_DIR",
  "KINGLET_ERR_ENDPOINTS_TOKEN_FILE",
  "KINGLET_ERR_KUBE_CLIENT_CONFIG",
  "KINGLET_ERR_KUBE_CLIENT_NO_CONFIG",
  "KINGLET_ERR_KUBE_CLIENT_CREDENTIALS",
  "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE",
  "KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE",
  "KINGLET_ERR_STORAGE_CLIENT_INVALID",
  "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
]);

function exitCodeOf(error: unknown): ExitCode {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code !== "string") return ExitCode.fault;
  if (wrongSettings.has(code)) return ExitCode.usage;
  return unusableInputs.has(code) ? ExitCode.input : ExitCode.fault;
}
