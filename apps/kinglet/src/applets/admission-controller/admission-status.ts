import type { AdmissionParts } from "./admission-parts.ts";
import type { AdmissionConfig } from "./config.ts";

/**
 * What `GET /debug/admission` shows: which policies are in force and from where, and what happens when there is no time.
 *
 * @internal
 */
export function admissionStatus(parts: AdmissionParts, config: AdmissionConfig): unknown {
  const { store } = parts;
  return {
    policies: {
      count: store.active?.size ?? 0,
      sha256: store.active?.sha256 ?? "",
      source: store.source ?? "",
      problem: store.problem,
    },
    onTimeout: { validate: config.onTimeout, events: config.eventsOnTimeout },
    defaultMode: config.defaultMode,
    port: parts.listening.server?.port ?? 0,
    certificateExpires: parts.listening.certificateExpires(),
  };
}
