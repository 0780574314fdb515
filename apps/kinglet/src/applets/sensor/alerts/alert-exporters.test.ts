import { execFileSync } from "node:child_process";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { exporterSettings, openAlertExporters } from "./alert-exporters.ts";
import type { AlertConfig } from "./alert-settings.ts";

const config = { exportHeaders: {} } as AlertConfig;

const parts = { clock: new ManualClock(), logger: noopLogger, metrics: noopMetrics, spool: { folder: "/nowhere" } };
const open = (change: Partial<AlertConfig>): unknown => openAlertExporters({ ...config, ...change }, {}, parts);

describe("openAlertExporters", () => {
  it("says all that is wrong at once, by the names of the settings and without their values", () => {
    const wrong = {
      exportAlertmanager: "notaurl",
      exportOtlp: "http://h:99999",
      exportSyslog: "foo://x",
      exportHeaders: { "http:authorization": "Bearer <NOPE>" },
      exportHttp: "http://user:hunter2@h",
    };
    expect(() => open(wrong)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_ALERT_SINKS_INVALID_SETTINGS" }) as Error,
    );
    for (const name of ["--export-alertmanager must be", "--export-otlp must be", "--export-syslog must be udp|tcp"]) {
      expect(() => open(wrong)).toThrow(name);
    }
    expect(() => open(wrong)).toThrow("--export-http must be without user and password");
    expect(() => open(wrong)).not.toThrow("hunter2");
    expect(() => open({ exportSyslog: "udp://h:99999" })).toThrow("--export-syslog must be udp|tcp|tls://HOST[:PORT]");
    expect(() => open({ ...wrong, exportHttp: "http://h" })).toThrow("there is no variable NOPE");
  });

  it.each([
    ["--export-ca-file", { exportHttp: "https://h", exportCaFile: "/nowhere/ca.pem" }],
    ["--export-headers", { exportHttp: "https://h", exportHeaders: { a: "<file:/nowhere/token>" } }],
    ["--export-csv", { exportCsv: "/nowhere/alerts.csv" }],
    ["--export-csv", { exportCsv: import.meta.dirname }],
  ])("says at the start that %s cannot be used", (setting, change) => {
    expect(() => open(change)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_ALERT_SINKS_UNUSABLE_FILE" }) as Error,
    );
    expect(() => open(change)).toThrow(`${setting} cannot be used`);
  });

  it("takes no pipe for a file: the first alert, or the start itself, would hang", async () => {
    await using folder = await openTempDir("kinglet-exporters-");
    const pipe = folder.file("pipe");
    execFileSync("mkfifo", [pipe]);
    for (const change of [
      { exportHttp: "https://h", exportCaFile: pipe },
      { exportHttp: "https://h", exportHeaders: { a: `<file:${pipe}>` } },
      { exportCsv: pipe },
    ]) {
      expect(() => open(change)).toThrow("is no file");
    }
    expect(() => open({ exportCsv: "/dev/full" })).not.toThrow();
  });
});

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
