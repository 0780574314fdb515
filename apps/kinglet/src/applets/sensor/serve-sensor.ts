import type { MemoryLimit } from "@kinglet/memory-limit";
import type { AppletContext, ExitCode } from "../../applet-context.ts";
import { optimiseCode } from "../../service/optimise-code.ts";
import { serveApplet } from "../../service/serve-applet.ts";
import type { SensorConfig } from "./config.ts";
import { debugRoutes } from "./debug/debug-routes.ts";
import { registerConditions, runSensor, type SensorConditions } from "./run-sensor.ts";
import { scaled } from "./parts-context.ts";
import { openSensorParts, type SensorParts } from "./sensor-parts.ts";

/** Closing takes less than this, milliseconds: after 5 s for the alerts and 2 s for the parts, a stop stays below ten seconds. */
const closeWithinMs = 2_500;

/**
 * From checked settings to the exit code.
 *
 * @internal
 */
export function serveSensor(
  config: SensorConfig,
  warnings: readonly string[],
  limit: MemoryLimit,
  context: AppletContext,
): Promise<ExitCode> {
  const opened: { parts?: SensorParts } = {};
  let conditions: SensorConditions | undefined;
  return serveApplet(config, warnings, limit, context, {
    prepare: ({ readiness }) => {
      conditions = registerConditions(readiness);
      return readiness;
    },
    debugRoutes: debugRoutes(opened),
    run: async ({ logging, logger, metrics, memory }, stack) => {
      if (conditions === undefined) return;
      const { limitBytes } = memory;
      opened.parts = await openSensorParts({ config, context, logging, metrics, memoryLimitBytes: limitBytes }, stack);
      const tools = {
        config,
        clock: context.clock,
        metrics,
        scaled: (size: number) => scaled(size, limitBytes),
        settle: () => memory.settle(),
        onBusy: () => optimiseCode(context.process),
      };
      await runSensor(opened.parts, context, conditions, tools, logger);
    },
    wrongSettings: [
      "KINGLET_ERR_ALERT_SINKS_INVALID_SETTINGS",
      "KINGLET_ERR_RUNTIME_EVENTS_OPTION",
      "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPEN",
      "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_OPTION",
      "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_PLAIN_HTTP",
    ],
    unusableInputs: [
      "KINGLET_ERR_ALERT_SINKS_UNUSABLE_FILE",
      "KINGLET_ERR_KINGLET_RULES_DIR",
      "KINGLET_ERR_KINGLET_STATE_DIR",
      "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE",
      "KINGLET_ERR_RUNTIME_EVENTS_TLS_FILE",
      "KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE",
      "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_CERTIFICATE",
      "KINGLET_ERR_STORAGE_CLIENT_INVALID",
      "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
    ],
    closeWithinMs,
  });
}
