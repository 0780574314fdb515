import type { DebugRoute } from "@kinglet/endpoints";
import type * as DebugViews from "./debug-views.ts";
import { loadDebugViews } from "../lazy.ts";
import type { SensorParts } from "../sensor-parts.ts";

/**
 * The sensor's debug endpoints.
 *
 * @param opened - filled once the parts are there; until then the endpoints say so.
 *
 * @internal
 */
export function debugRoutes(opened: { readonly parts?: SensorParts }): Readonly<Record<string, DebugRoute>> {
  const withParts =
    (
      view: (views: typeof DebugViews, parts: SensorParts, query: URLSearchParams) => unknown,
    ): NonNullable<DebugRoute["get"]> =>
    async ({ query }) =>
      opened.parts === undefined
        ? { status: 503, text: "starting\n" }
        : { json: await view(await loadDebugViews(), opened.parts, query) };
  return {
    "/debug/containers": { get: withParts((views, parts, query) => views.containersView(parts, query)) },
    "/debug/events": {
      get: withParts((_, parts) => ({ source: parts.source.health(), waiting: parts.pipeline.waiting })),
    },
    "/debug/informers": { get: withParts((views, parts) => views.informerRows(parts)) },
    "/debug/rules": { get: withParts((views, parts) => views.ruleRows(parts)) },
  };
}
