import type { AppletContext, ExitCode } from "../../applet-context.ts";
import { runApplet } from "../../service/run-applet.ts";
import { crossCheck, sensorSettings } from "./config.ts";
import { loadSensorCommands, loadServeSensor } from "./lazy.ts";

const summary =
  "Watches the pods of a node (or of the cluster), reads from Tetragon or the kernel's audit what their processes do, learns a profile of each container, " +
  "and alerts when one does something outside it or what a rule forbids. Alerts go to standard output, one per line, and to the receivers that are set; " +
  "logs go to standard error. " +
  "`explain NAMESPACE/POD` asks the running sensor why it judges a container as it does; `allow ALERT.json` prints the profile that would allow what an alert is about.";

/**
 * The sensor: from arguments to exit code.
 *
 * Exit codes: 0 stopped as told · 1 a fault while running · 2 wrong arguments or settings · 3 kubeconfig, event file or profile folder that
 * cannot be used.
 */
export async function main(context: AppletContext): Promise<ExitCode> {
  const [command] = context.argv;
  if (command === "explain" || command === "allow") {
    const { runSensorCommand } = await loadSensorCommands();
    return runSensorCommand(command, context);
  }
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
