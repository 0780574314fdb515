import { describe, expect, it } from "vitest";
import { STRUCTURE_TABLE } from "./gen/structure-table.ts";
import { loadStructure } from "./load-structure.ts";
import { parseStructureTable } from "./parse-structure-table.ts";
import type { StructuralType } from "./structural-type.ts";

function at(type: StructuralType | undefined, path: string): StructuralType | undefined {
  let now = type;
  for (const part of path.split(".")) now = part === "[]" ? now?.element : now?.fields?.get(part)?.type;
  return now;
}

describe("loadStructure", () => {
  const { typeOf } = loadStructure();

  it("knows list keys, merge keys and defaults of a pod's containers", () => {
    const pod = typeOf("v1", "Pod");
    const containers = at(pod, "spec")?.fields?.get("containers");
    expect(containers).toMatchObject({
      isRequired: true,
      isAlwaysWritten: true,
      patchMergeKey: "name",
      patchStrategy: "merge",
    });
    expect(containers?.type).toMatchObject({ kind: "list", listType: "map", listMapKeys: ["name"] });
    const ports = at(pod, "spec.containers.[].ports");
    expect(ports?.listMapKeys).toEqual(["containerPort", "protocol"]);
    expect(ports?.element?.fields?.get("protocol")?.default).toBe("TCP");
  });

  it("knows what is owned as a whole", () => {
    expect(at(typeOf("apps/v1", "Deployment"), "spec.selector")?.mapType).toBe("atomic");
    expect(at(typeOf("v1", "Pod"), "spec.nodeSelector")?.mapType).toBe("atomic");
    expect(at(typeOf("v1", "ConfigMap"), "data")?.mapType).toBeUndefined();
  });

  it("knows scalars apart, retainKeys and what JSON always writes", () => {
    const deployment = typeOf("apps/v1", "Deployment");
    expect(at(deployment, "spec.replicas")?.kind).toBe("int32");
    expect(at(deployment, "spec.strategy.rollingUpdate.maxSurge")?.kind).toBe("intOrString");
    expect(at(deployment, "spec")?.fields?.get("strategy")?.patchStrategy).toBe("retainKeys");
    expect(deployment?.fields?.get("status")?.isAlwaysWritten).toBe(true);
    expect(at(deployment, "metadata.creationTimestamp")?.kind).toBe("time");
    expect(at(deployment, "metadata")?.fields?.get("creationTimestamp")?.isAlwaysWritten).toBeUndefined();
    expect(typeOf("example.dev/v1", "Widget")).toBeUndefined();
  });

  it("parses every line of the table", () => {
    const seen = new Set<StructuralType>();
    const visit = (type: StructuralType): void => {
      if (seen.has(type)) return;
      seen.add(type);
      for (const field of type.fields?.values() ?? []) visit(field.type);
      if (type.element !== undefined) visit(type.element);
      if (type.listType === "map") expect(type.listMapKeys?.length).toBeGreaterThan(0);
    };
    for (const type of parseStructureTable(STRUCTURE_TABLE).kinds.values()) visit(type);
    expect(seen.size).toBeGreaterThan(500);
  });
});
