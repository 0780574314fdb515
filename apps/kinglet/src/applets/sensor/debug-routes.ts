import type { DebugRoute } from "@kinglet/endpoints";
import type * as DebugViews from "./debug-views.ts";
import { loadDebugViews } from "./lazy.ts";
import type { SensorParts } from "./sensor-parts.ts";

/**
 * The sensor's debug endpoints.
 *
 * @param opened - filled once the parts are there; until then the endpoints say so.
 *
 * @internal
 */
export function debugRoutes(opened: { readonly parts?: SensorParts }): Readonly<Record<string, DebugRoute>> {
  const withParts =
    (view: (views: typeof DebugViews, parts: SensorParts) => unknown): NonNullable<DebugRoute["get"]> =>
    async () =>
      opened.parts === undefined
        ? { status: 503, text: "starting\n" }
        : { json: view(await loadDebugViews(), opened.parts) };
  return {
    "/debug/containers": { get: withParts((views, parts) => ({ containers: views.containerRows(parts) })) },
    "/debug/events": {
      get: withParts((_, parts) => ({ source: parts.source.health(), waiting: parts.pipeline.waiting })),
    },
    "/debug/informers": { get: withParts((views, parts) => views.informerRows(parts)) },
    "/debug/rules": { get: withParts((views, parts) => views.ruleRows(parts)) },
  };
}
