import type { MemoryLimit } from "@kinglet/memory-limit";
import type { AppletContext, ExitCode } from "../../applet-context.ts";
import { serveApplet, type Service } from "../../service/serve-applet.ts";
import { admissionStatus } from "./admission-status.ts";
import type { AdmissionConfig } from "./config.ts";
import { openAdmissionParts, type AdmissionParts } from "./admission-parts.ts";
import { registerConditions, runAdmission, type AdmissionConditions } from "./run-admission.ts";

/** After ten seconds of serving on, reviews under way get 6 s; everything together stays below twenty. Milliseconds. */
const closeWithinMs = 8500;

/**
 * From checked settings to the exit code.
 *
 * @internal
 */
export function serveAdmission(
  config: AdmissionConfig,
  warnings: readonly string[],
  limit: MemoryLimit,
  context: AppletContext,
): Promise<ExitCode> {
  const opened: { parts?: AdmissionParts } = {};
  let conditions: AdmissionConditions | undefined;
  return serveApplet(config, warnings, limit, context, {
    prepare: ({ readiness }) => {
      conditions = registerConditions(readiness);
      return {
        register: (name, reason) => readiness.register(name, reason),
        onChange: (listener) => readiness.onChange(listener),
        get isReady() {
          return readiness.isReady;
        },
        // What is wrong with a newer bundle is said without taking the program out of service.
        reasons: () => [...readiness.reasons(), ...notes(opened.parts)],
        conditions: () => [...readiness.conditions(), ...notes(opened.parts)],
      };
    },
    debugRoutes: {
      "/debug/admission": {
        get: () =>
          opened.parts === undefined
            ? { status: 503, text: "starting\n" }
            : { json: admissionStatus(opened.parts, config) },
      },
    },
    run: async (service: Service, stack) => {
      if (conditions === undefined) return;
      opened.parts = await openAdmissionParts({ config, service }, stack);
      await runAdmission(opened.parts, config, service, conditions, stack);
    },
    wrongSettings: ["KINGLET_ERR_ADMISSION_ADDRESS"],
    unusableInputs: [],
    closeWithinMs,
  });
}

/** Things that are not in order and do not keep reviews from being answered. */
function notes(parts: AdmissionParts | undefined): readonly { readonly name: string; readonly reason: string }[] {
  if (parts === undefined || parts.store.active === undefined || parts.store.problem === "") return [];
  const running = parts.store.active.sha256.slice(0, 12);
  return [{ name: "newest-policies", reason: `${parts.store.problem}; running ${running}` }];
}
