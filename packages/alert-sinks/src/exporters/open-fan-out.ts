import { createAlertmanagerExporter, type AlertmanagerSettings } from "./alertmanager-exporter.ts";
import { createCsvExporter, type CsvSettings } from "./csv-exporter.ts";
import type { LaneContext, LaneOptions } from "./lane-options.ts";
import type { Exporter } from "./exporter.ts";
import { createFanOut, type FanOut } from "./fan-out.ts";
import { HttpClient } from "./http-client.ts";
import { createHttpExporter, type HttpExporterSettings } from "./http-exporter.ts";
import { createOtlpExporter, type OtlpSettings } from "./otlp-exporter.ts";
import { createSyslogExporter, type SyslogSettings } from "./syslog-exporter.ts";

/** Where alerts go besides standard output; what is absent is off. @public */
export interface ExporterSettings {
  readonly alertmanager?: AlertmanagerSettings;
  readonly http?: HttpExporterSettings;
  readonly syslog?: SyslogSettings;
  readonly csv?: CsvSettings;
  readonly otlp?: OtlpSettings;
  /** Changes of a lane's defaults, by exporter. */
  readonly lanes?: Readonly<Partial<Record<"alertmanager" | "http" | "syslog" | "csv" | "otlp", LaneOptions>>>;
}

/** A hundred alerts a minute, up to 50 of them together, the first waits at most 10 s for others. */
const httpLane: LaneOptions = { maxPerMinute: 100, batchWaitMs: 10_000 };

/**
 * The exporters that the settings name behind one sink, with one HTTP client for all of them. Nothing is connected before the
 * first alert. Disposing it closes every connection and file.
 *
 * @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTING
 * @public
 */
export function openFanOut(settings: ExporterSettings, context: LaneContext): FanOut {
  const client = new HttpClient({ clock: context.clock });
  const parts = { client, clock: context.clock };
  const exporters: { readonly exporter: Exporter; readonly lane?: LaneOptions }[] = [];
  const lanes = settings.lanes ?? {};
  const add = (exporter: Exporter, lane: LaneOptions | undefined): void => {
    exporters.push({ exporter, ...(lane !== undefined && { lane }) });
  };
  if (settings.alertmanager) add(createAlertmanagerExporter(settings.alertmanager, parts), lanes.alertmanager);
  if (settings.http) add(createHttpExporter(settings.http, parts), { ...httpLane, ...lanes.http });
  if (settings.syslog) add(createSyslogExporter(settings.syslog, parts), lanes.syslog);
  if (settings.csv) add(createCsvExporter(settings.csv), lanes.csv);
  if (settings.otlp) add(createOtlpExporter(settings.otlp, parts), lanes.otlp);
  const fanOut = createFanOut(exporters, context);
  return {
    ...fanOut,
    [Symbol.asyncDispose]: async () => {
      await fanOut[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    },
  };
}
