import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { openKubeSim } from "@kinglet/kube-sim";
import { checkDefinition } from "@kinglet/lazy-schema";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";

import { definitionFiles } from "./definition.ts";
import { applicationProfileSpec, containerProfileSpec, networkNeighborhoodSpec } from "./profile-schemas.ts";
import { renderFile } from "./render-file.ts";

const folder = join(import.meta.dirname, "../../../deploy/crds");

type Schema = Readonly<Record<string, unknown>>;

/** Every schema in a definition with its path. */
function* schemas(
  schema: Schema,
  path = "spec",
  isRequired = false,
): Generator<readonly [string, Schema, isRequired: boolean]> {
  yield [path, schema, isRequired];
  const required = (schema["required"] ?? []) as readonly string[];
  for (const [key, member] of Object.entries((schema["properties"] ?? {}) as Record<string, Schema>)) {
    yield* schemas(member, `${path}.${key}`, required.includes(key));
  }
  for (const key of ["items", "additionalProperties"]) {
    if (schema[key] !== undefined) yield* schemas(schema[key] as Schema, `${path}[]`);
  }
}

function specOf(definition: object): Schema {
  const { spec } = definition as {
    spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] };
  };
  return spec.versions[0]!.schema.openAPIV3Schema.properties.spec;
}

describe("definitionFiles", () => {
  it("is what deploy/crds holds, and nothing else lies there", () => {
    const files = definitionFiles();
    expect(readdirSync(folder).toSorted()).toEqual(files.map((file) => file.name).toSorted());
    for (const file of files) expect(readFileSync(join(folder, file.name), "utf8")).toBe(renderFile(file));
  });

  it("reads back as it was made", () => {
    for (const file of definitionFiles()) {
      expect(parse(renderFile(file))).toEqual(JSON.parse(JSON.stringify(file.definition)));
    }
  });

  it("bounds every text, list and map, keeps unknown members on every level, and takes null for whatever may be left out", () => {
    for (const file of definitionFiles()) {
      for (const [path, schema, isRequired] of schemas(specOf(file.definition))) {
        const where = `${file.name} ${path}`;
        const isEnum = schema["enum"] !== undefined;
        if (schema["type"] === "string" && !isEnum) expect(schema["maxLength"], where).toBeGreaterThan(0);
        if (schema["type"] === "array") {
          expect(schema["maxItems"], where).toEqual(expect.any(Number));
          if (!isRequired) expect(schema["nullable"], where).toBe(true);
        }
        if (schema["additionalProperties"] !== undefined) expect(schema["maxProperties"], where).toBeGreaterThan(0);
        else if (schema["type"] === "object") expect(schema["x-kubernetes-preserve-unknown-fields"], where).toBe(true);
      }
    }
  });

  it("is made from descriptions without mistakes", () => {
    for (const spec of [containerProfileSpec(), applicationProfileSpec(), networkNeighborhoodSpec()]) {
      expect(checkDefinition(spec)).toEqual([]);
    }
  });

  it("stays well below what kubectl can note in an annotation", () => {
    for (const file of definitionFiles()) expect(JSON.stringify(file.definition).length).toBeLessThan(130_000);
  });

  it("is accepted by an API server", async () => {
    const sim = await openKubeSim({ tls: false });
    try {
      for (const file of definitionFiles()) {
        const answer = await fetch(`${sim.server}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`, {
          method: "POST",
          headers: { authorization: `Bearer ${sim.token}`, "content-type": "application/json" },
          body: JSON.stringify(file.definition),
        });
        expect([answer.status, answer.headers.get("warning")], await answer.text()).toEqual([201, null]);
      }
    } finally {
      await sim.stop();
    }
  });
});
