import type { AppletContext, ExitCode } from "../../applet-context.ts";
import { runApplet } from "../../service/run-applet.ts";
import { configControllerSettings, crossCheck } from "./config.ts";
import { loadServeConfigController, loadServeWork } from "./lazy.ts";
import { workCommand } from "./work-command.ts";

const summary =
  "Checks SecurityPolicy and Rules resources, says in their conditions what became of them, and publishes those in force as one policy bundle, which " +
  "sensors and admission controllers follow. Issues and rotates the certificates of the admission webhooks and keeps their registration as it should be. " +
  "Of several instances one leads; the others wait for its lease. Logs go to standard error.";

/**
 * The config-controller: from arguments to exit code.
 *
 * Exit codes: 0 stopped as told · 1 a fault while running, the loss of the lease among them · 2 wrong arguments or settings · 3 kubeconfig that cannot be used.
 */
export async function main(context: AppletContext): Promise<ExitCode> {
  if (context.argv[0] === workCommand) {
    const { serveWork } = await loadServeWork();
    return serveWork(context);
  }
  return runApplet(context, {
    schema: configControllerSettings(),
    summary,
    crossCheck,
    serve: async (config, warnings, limit) => {
      const { serveConfigController } = await loadServeConfigController();
      return serveConfigController(config, warnings, limit, context);
    },
  });
}
