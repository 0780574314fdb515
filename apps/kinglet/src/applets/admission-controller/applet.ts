import type { AppletContext, ExitCode } from "../../applet-context.ts";
import { runApplet } from "../../service/run-applet.ts";
import { admissionSettings, crossCheck } from "./config.ts";
import { loadServeAdmission } from "./serving/lazy.ts";

const summary =
  "Answers the API server's admission webhooks: allows, warns about or refuses workloads, scaling, exec, attach and port-forward by the security policies " +
  "that the config-controller publishes. Alerts go to standard output, one per line; logs go to standard error.";

/**
 * The admission controller: from arguments to exit code.
 *
 * Exit codes: 0 stopped as told · 1 a fault while running · 2 wrong arguments or settings · 3 kubeconfig that cannot be used.
 */
export function main(context: AppletContext): Promise<ExitCode> {
  return runApplet(context, {
    schema: admissionSettings(),
    summary,
    crossCheck,
    serve: async (config, warnings, limit) => {
      const { serveAdmission } = await loadServeAdmission();
      return serveAdmission(config, warnings, limit, context);
    },
  });
}
