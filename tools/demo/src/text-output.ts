import { styleText } from "node:util";
import type { DemoOutput, DemoResult } from "./demo-output.ts";
import { fit, renderTable } from "./render-table.ts";

/**
 * Text for people.
 *
 * @param hasColors - standard output is a terminal and NO_COLOR is not set.
 *
 * @internal
 */
export function createTextOutput(
  write: (text: string) => void,
  writeError: (text: string) => void,
  hasColors: boolean,
): DemoOutput {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    hasColors ? styleText(style, text, { validateStream: false }) : text;
  const title = (text: string): void => write(`\n${paint("bold", text)}\n`);
  return {
    plan: (server, origin, objects) => {
      title(`To be created on ${server} (${origin})`);
      write(objects.map((object) => `  ${object}\n`).join(""));
    },
    start: (what, how) => write(`${paint("green", "starts")}  ${what.padEnd(8)} ${how}\n`),
    pods: (rows) => {
      title("Pods");
      const columns = ["NAMESPACE", "POD", "CONTAINER", "CONTAINER ID", "NODE", "PLAYED BY"].map((one) => ({
        title: one,
      }));
      const cells = rows.map((row) => [
        row.namespace,
        row.pod,
        row.container,
        row.containerId.slice(0, 12),
        row.node,
        `recorded ${row.recordedAs}`,
      ]);
      write(renderTable(columns, cells));
    },
    profiles: (rows) => {
      title("Profiles in use");
      const columns = [
        { title: "WORKLOAD" },
        { title: "PROFILE" },
        { title: "STATE" },
        { title: "PROGRAMS PERMITTED", align: "right" as const },
        { title: "LEFT OUT", align: "right" as const },
      ];
      const cells = rows.map((row) => [
        row.workload,
        row.profile,
        row.state,
        String(row.permitted),
        String(row.leftOut.length),
      ]);
      write(renderTable(columns, cells));
      title("Left out of the profiles on purpose: exactly these raise R0001");
      const leftOut = rows.flatMap((row) =>
        row.leftOut.map(({ binary, executions, what }) => [row.workload, binary, String(executions), what]),
      );
      const leftOutColumns = [
        { title: "WORKLOAD" },
        { title: "PROGRAM" },
        { title: "TIMES", align: "right" as const },
        { title: "WHAT IT IS" },
      ];
      write(renderTable(leftOutColumns, leftOut));
    },
    play: (events, seconds, expectedAlerts) => {
      title(
        `Alerts, ${expectedAlerts} of R0001 expected (${events.toLocaleString("en")} recorded events are being written over ${seconds} s)`,
      );
    },
    alert: ({ time, ruleId, workloadName, containerName, process }) => {
      const program = fit(`${process.binary} ${process.args}`.trim(), 60);
      const where = fit(`${workloadName}/${containerName}`, 22).padEnd(22);
      write(`${time.slice(11, 23)}  ${paint("yellow", ruleId)}  ${where}  ${paint("bold", program)}\n`);
    },
    note: (text) => write(`${text}\n`),
    result: (result) => {
      title("Result");
      write(
        renderTable(
          [{ title: "WHAT" }, { title: "VALUE", align: "right" }, { title: "", maxWidth: 80 }],
          resultRows(result),
        ),
      );
    },
    lookAround: (lines) => {
      title("Look around; Ctrl-C ends it");
      write(lines.map((line) => `  ${line}\n`).join(""));
    },
    problem: (text) => writeError(`${text}\n`),
  };
}

function resultRows(result: DemoResult): string[][] {
  const outcomes = Object.entries(result.executionsByOutcome)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count.toLocaleString("en")} ${outcomeNames[outcome] ?? outcome}`);
  const anonymous = result.anonymousBytes;
  return [
    [
      "events written",
      result.eventsWritten.toLocaleString("en"),
      `${result.rotations} rotations, ${result.restarts} container restarts`,
    ],
    ["executions seen", result.executionsSeen.toLocaleString("en"), outcomes[0] ?? ""],
    ...outcomes.slice(1).map((outcome) => ["", "", outcome]),
    [
      "alerts",
      String(result.alerts),
      `${result.alertsExpected} of R0001 as expected; the others are of rules that ask no profile`,
    ],
    ["heap used", megabytes(result.heapUsedBytes), "as it is, not collected first"],
    ["anonymous RSS", anonymous === undefined ? "unknown" : megabytes(anonymous), "RssAnon of /proc/PID/status"],
    ["start-up time", `${Math.round(result.startUpMs)} ms`, "from starting the process until /readyz says 200"],
    ["demo", `${(result.tookMs / 1000).toFixed(1)} s`, ""],
  ];
}

const outcomeNames: Readonly<Record<string, string>> = {
  judged: "in containers of the shop, judged by their profiles",
  host: "outside of containers",
  runtime: "steps of the container runtime",
  replay: "from before the recording, reported for completeness",
  unresolved: "in containers of no pod (sandboxes, a crash loop, a debugger)",
  ignored: "in namespaces that are not watched",
};

function megabytes(bytes: number): string {
  return `${(bytes / 1048576).toFixed(1)} MB`;
}
