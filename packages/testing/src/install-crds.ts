import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiRequest } from "./api-request.ts";
import type { ClusterFixture } from "./cluster-fixture.ts";
import { loadYaml } from "./lazy.ts";
import { waitFor } from "./wait-for.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/**
 * Installs every definition of `deploy/crds` on a cluster and waits until it is served; those that exist are left as they are.
 *
 * @returns their names.
 */
export async function installCrds(fixture: ClusterFixture): Promise<string[]> {
  const folder = fileURLToPath(new URL("../../../deploy/crds/", import.meta.url));
  const { parse } = await loadYaml();
  const names: string[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort()) {
    const definition = parse(await readFile(join(folder, file), "utf8")) as { metadata: { name: string } };
    const answer = await apiRequest(fixture, "POST", DEFINITIONS, definition);
    if (answer.status !== 201 && answer.status !== 409) {
      throw new Error(`${file} was refused: ${JSON.stringify(answer.body)}`);
    }
    names.push(definition.metadata.name);
  }
  for (const name of names) await waitFor(() => isServed(fixture, name), { describe: `${name} to be served` });
  return names;
}

async function isServed(fixture: ClusterFixture, name: string): Promise<boolean> {
  const { body } = await apiRequest(fixture, "GET", `${DEFINITIONS}/${name}`);
  const conditions = (body.status?.conditions ?? []) as { type: string; status: string }[];
  if (!conditions.some((condition) => condition.type === "Established" && condition.status === "True")) return false;
  const [plural] = name.split(".");
  const version = (body.spec.versions as { name: string }[])[0]?.name ?? "";
  const answer = await apiRequest(fixture, "GET", `/apis/${body.spec.group}/${version}/${plural}?limit=1`);
  return answer.status === 200;
}
