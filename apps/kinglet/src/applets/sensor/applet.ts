import type { AppletContext, ExitCode } from "../../applet-context.ts";
import { runApplet } from "../../service/run-applet.ts";
import { crossCheck, sensorSettings } from "./config.ts";
import { loadServeSensor } from "./lazy.ts";

const summary =
  "Watches the pods of a node (or of the cluster), reads what Tetragon reports, finds the container of each execution, and prints an alert " +
  "when a container executes something outside its profile. Alerts go to standard output, one per line; logs go to standard error.";

/**
 * The sensor: from arguments to exit code.
 *
 * Exit codes: 0 stopped as told · 1 a fault while running · 2 wrong arguments or settings · 3 kubeconfig, event file or profile folder that
 * cannot be used.
 */
export function main(context: AppletContext): Promise<ExitCode> {
  return runApplet(context, {
    schema: sensorSettings(),
    summary,
    crossCheck,
    serve: async (config, warnings, limit) => {
      const { serveSensor } = await loadServeSensor();
      return serveSensor(config, warnings, limit, context);
    },
  });
}
