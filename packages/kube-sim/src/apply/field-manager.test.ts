import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../resources/kube-object.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import { applyObject, recordFields } from "./field-manager.ts";

const TIME = "2026-01-01T00:00:00Z";
const configMaps: SimResource = {
  group: "",
  version: "v1",
  plural: "configmaps",
  singular: "configmap",
  kind: "ConfigMap",
  namespaced: true,
};
const deployments: SimResource = {
  ...configMaps,
  group: "apps",
  plural: "deployments",
  singular: "deployment",
  kind: "Deployment",
  hasStatus: true,
};

interface Applying {
  readonly manager?: string;
  readonly live?: KubeObject;
  readonly isForced?: boolean;
  readonly resource?: SimResource;
}

function apply(applied: Record<string, unknown>, { manager = "one", live, isForced = false, resource }: Applying = {}) {
  const of = resource ?? configMaps;
  const object = applyObject({ resource: of, subresource: "", live, applied, manager, isForced, time: TIME });
  object.metadata.uid = "u";
  return object;
}

const map = (data: Record<string, string>): Record<string, unknown> => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a" },
  data,
});

/** Manager → names in `data` that it owns. */
function owners(object: KubeObject): Record<string, string[]> {
  const entries = (object.metadata["managedFields"] ?? []) as { manager: string; fieldsV1: Record<string, object> }[];
  return Object.fromEntries(
    entries.map(({ manager, fieldsV1 }) => [
      manager,
      Object.keys(fieldsV1["f:data"] ?? {})
        .filter((name) => name !== ".")
        .map((name) => name.slice(2))
        .sort(),
    ]),
  );
}

describe("applyObject", () => {
  it("owns what it applies, shares equal values and conflicts about others [client M2]", () => {
    const first = apply(map({ x: "1", y: "1" }));
    expect(owners(first)).toEqual({ one: ["x", "y"] });
    const shared = apply(map({ x: "1" }), { manager: "two", live: first });
    expect(owners(shared)).toEqual({ one: ["x", "y"], two: ["x"] });
    expect(() => apply(map({ x: "3" }), { manager: "three", live: shared })).toThrow(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\nconflicts with "two":\n- .data.x',
    );
    const forced = apply(map({ x: "3" }), { manager: "three", live: shared, isForced: true });
    expect(owners(forced)).toEqual({ one: ["y"], three: ["x"] });
  });

  it("removes what it owned and left out, unless others own it too [client M2]", () => {
    const live = apply(map({ x: "1" }), { manager: "two", live: apply(map({ x: "1", y: "1" })) });
    const next = apply(map({}), { live });
    expect(next["data"]).toEqual({ x: "1" });
    expect(owners(next)).toEqual({ one: [], two: ["x"] });
  });

  it("merges list elements by key, with defaults of the keys", () => {
    const containers = (list: unknown[]): Record<string, unknown> => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a" },
      spec: { template: { spec: { containers: list } } },
    });
    const live = apply(containers([{ name: "app", ports: [{ containerPort: 80 }] }]), { resource: deployments });
    const manager = { manager: "two", live, resource: deployments };
    const next = apply(
      containers([{ name: "side" }, { name: "app", ports: [{ containerPort: 80, hostPort: 1 }] }]),
      manager,
    );
    expect(next.spec).toMatchObject({
      template: {
        spec: { containers: [{ name: "side" }, { name: "app", ports: [{ containerPort: 80, hostPort: 1 }] }] },
      },
    });
    expect(() => apply(containers([{ name: "x" }, { name: "x" }]), manager)).toThrow(
      'failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="x"]',
    );
  });

  it("refuses undeclared fields, other kinds and managedFields", () => {
    expect(() => apply({ ...map({}), colour: "x" })).toThrow(".colour: field not declared in schema");
    expect(() => apply({ ...map({}), kind: "Secret" })).toThrow("invalid object type: /v1, Kind=Secret");
    expect(() => apply({ ...map({}), metadata: { name: "a", managedFields: [] } })).toThrow(
      "metadata.managedFields must be nil",
    );
  });

  const names = fc.constantFrom("a", "b", "c", "d");
  const data = fc.dictionary(names, fc.constantFrom("1", "2"), { maxKeys: 4 });

  it("changes nothing the second time", () => {
    const property = fc.property(data, data, (before, wanted) => {
      const live = apply(map(before), { manager: "other" });
      const once = apply(map(wanted), { live, isForced: true });
      const twice = apply(map(wanted), { live: once, isForced: true });
      expect(twice).toEqual(once);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  it("leaves the owners that an obvious account of every name leaves", () => {
    const step = fc.record({
      manager: fc.constantFrom("one", "two", "three"),
      operation: fc.constantFrom("apply", "update"),
      values: data,
    });
    const property = fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      let live = apply(map({ z: "0" }), { manager: "zero" });
      const account = new Account();
      account.apply("zero", { z: "0" });
      for (const { manager, operation, values } of steps) {
        if (operation === "apply") {
          live = apply(map(values), { manager, live, isForced: true });
          account.apply(manager, values);
        } else {
          // Something stays owned: an object whose last owner goes is not tracked any more.
          const left = { ...values, z: "0" };
          const after = structuredClone({ ...live, data: left }) as KubeObject;
          const change = { resource: configMaps, subresource: "", before: live, after, manager: `${manager}-update` };
          recordFields({ ...change, operation: "Update", time: TIME });
          live = after;
          account.update(`${manager}-update`, left);
        }
        expect(live["data"] ?? {}).toEqual(Object.fromEntries(account.values));
        const found = Object.entries(owners(live)).filter(([, owned]) => owned.length > 0);
        expect(Object.fromEntries(found)).toEqual(account.owners());
      }
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });
});

/** Who owns which name, kept name by name and without any sets of paths. */
class Account {
  readonly values = new Map<string, string>();
  readonly #owners = new Map<string, Set<string>>();

  apply(manager: string, wanted: Readonly<Record<string, string>>): void {
    for (const [name, own] of this.#owners) {
      if (!own.has(manager) || name in wanted) continue;
      own.delete(manager);
      if (own.size === 0) this.#drop(name);
    }
    for (const [name, value] of Object.entries(wanted)) {
      if (this.values.get(name) !== value) this.#owners.set(name, new Set());
      this.values.set(name, value);
      this.#ownersOf(name).add(manager);
    }
  }

  update(manager: string, after: Readonly<Record<string, string>>): void {
    for (const name of this.values.keys()) if (!(name in after)) this.#drop(name);
    for (const [name, value] of Object.entries(after)) {
      if (this.values.get(name) !== value) this.#owners.set(name, new Set([manager]));
      this.values.set(name, value);
    }
  }

  owners(): Record<string, string[]> {
    const result: Record<string, string[]> = {};
    for (const [name, managers] of [...this.#owners].sort(([left], [right]) => (left < right ? -1 : 1))) {
      for (const manager of managers) (result[manager] ??= []).push(name);
    }
    return result;
  }

  #ownersOf(name: string): Set<string> {
    const own = this.#owners.get(name) ?? new Set();
    this.#owners.set(name, own);
    return own;
  }

  #drop(name: string): void {
    this.values.delete(name);
    this.#owners.delete(name);
  }
}

describe("recordFields", () => {
  const put = (before: KubeObject | undefined, data: Record<string, string>, manager: string): KubeObject => {
    const after = { ...map(data), metadata: { name: "a", uid: "u" } } as unknown as KubeObject;
    if (before !== undefined) after.metadata["managedFields"] = before.metadata["managedFields"];
    recordFields({ resource: configMaps, subresource: "", before, after, manager, operation: "Update", time: TIME });
    return after;
  };

  it("records what a create and an update change [sim 6]", () => {
    const created = put(undefined, { x: "1" }, "maker");
    expect(created.metadata["managedFields"]).toEqual([
      {
        manager: "maker",
        operation: "Update",
        apiVersion: "v1",
        time: TIME,
        fieldsType: "FieldsV1",
        fieldsV1: { "f:data": { ".": {}, "f:x": {} } },
      },
    ]);
    expect(owners(put(created, { x: "2", y: "1" }, "editor"))).toEqual({ maker: [], editor: ["x", "y"] });
  });

  it("makes one of the oldest updaters when there are more than ten", () => {
    let object = put(undefined, { m: "1" }, "maker");
    for (let at = 0; at < 12; at++) object = put(object, { ...(object["data"] as object), [`n${at}`]: "1" }, `u${at}`);
    const managers = Object.keys(owners(object));
    expect(managers).toHaveLength(10);
    expect(managers[0]).toBe("ancient-changes");
  });

  it("forgets owners when a client resets them, until the next apply", () => {
    const created = put(undefined, { x: "1" }, "maker");
    const reset = { ...created, metadata: { ...created.metadata, managedFields: [{}] } } as KubeObject;
    const change = { resource: configMaps, subresource: "", manager: "m", operation: "Update", time: TIME } as const;
    recordFields({ ...change, before: created, after: reset });
    expect(reset.metadata["managedFields"]).toBeUndefined();
    const later = { ...reset, data: { x: "2" }, metadata: { ...reset.metadata } } as KubeObject;
    recordFields({ ...change, before: reset, after: later });
    expect(later.metadata["managedFields"]).toBeUndefined();
    expect(owners(apply(map({ z: "1" }), { live: later }))).toEqual({ one: ["z"], "before-first-apply": ["x"] });
  });
});
