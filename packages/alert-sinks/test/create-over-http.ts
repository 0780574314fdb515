import { ManualClock } from "@kinglet/lifecycle";

import { createAlertmanagerExporter } from "../src/exporters/alertmanager-exporter.ts";
import type { Exporter } from "../src/exporters/exporter.ts";
import type { HttpClient } from "../src/exporters/http-client.ts";
import { createHttpExporter } from "../src/exporters/http-exporter.ts";
import { createOtlpExporter } from "../src/exporters/otlp-exporter.ts";

/** An exporter over HTTP. */
export type HttpKind = "alertmanager" | "http" | "otlp";

/** At 10:00:05 on 1 August 2026. */
export function createOverHttp(
  kind: HttpKind,
  url: string,
  client: HttpClient,
  caFile?: string,
  headers: Record<string, string> = {},
): Exporter {
  const settings = { url, headers, ...(caFile !== undefined && { caFile }) };
  const parts = { client, clock: new ManualClock({ now: Date.parse("2026-08-01T10:00:05Z") }) };
  if (kind === "http") return createHttpExporter(settings, parts);
  return kind === "otlp" ? createOtlpExporter(settings, parts) : createAlertmanagerExporter(settings, parts);
}
