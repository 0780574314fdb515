import { describe, expect, it } from "vitest";
import { exporterSettings } from "./alert-exporters.ts";
import type { AlertConfig } from "./alert-settings.ts";

const config = { exportHeaders: {} } as AlertConfig;

describe("exporterSettings", () => {
  it("names no receiver when none is set", () => {
    expect(exporterSettings(config, {})).toEqual({});
  });

  it("hands each receiver its address, and the environment for headers", () => {
    const settings = exporterSettings(
      {
        ...config,
        exportAlertmanager: "https://am:9093",
        exportCsv: "/var/log/alerts.csv",
        exportHeaders: { authorization: "Bearer <TOKEN>" },
        exportCaFile: "/ca.pem",
      },
      { TOKEN: "x", NOTHING: undefined },
    );
    expect(settings).toEqual({
      alertmanager: {
        url: "https://am:9093",
        headers: { authorization: "Bearer <TOKEN>" },
        variables: { TOKEN: "x" },
        caFile: "/ca.pem",
      },
      csv: { path: "/var/log/alerts.csv" },
    });
  });

  it("gives a credential to the receiver that it is for, and to no other", () => {
    const exportHeaders = {
      "otlp:Authorization": "Bearer <OTLP>",
      authorization: "Bearer <ALL>",
      "http:x-tenant": "a",
    };
    const settings = exporterSettings(
      {
        ...config,
        exportAlertmanager: "http://am",
        exportOtlp: "http://otlp",
        exportHttp: "http://http",
        exportHeaders,
      },
      {},
    );
    expect(settings.alertmanager?.headers).toEqual({ authorization: "Bearer <ALL>" });
    expect(settings.otlp?.headers).toEqual({ Authorization: "Bearer <OTLP>" });
    expect(settings.http?.headers).toEqual({ authorization: "Bearer <ALL>", "x-tenant": "a" });
  });

  it.each([
    ["tls://logs.example:6514", { protocol: "tls", host: "logs.example", port: 6514 }],
    ["10.0.0.9", { host: "10.0.0.9" }],
    ["tcp://[fd00::9]:601", { protocol: "tcp", host: "fd00::9", port: 601 }],
  ])("reads the syslog address %s", (exportSyslog, expected) => {
    expect(exporterSettings({ ...config, exportSyslog }, {}).syslog).toEqual(expected);
  });
});
