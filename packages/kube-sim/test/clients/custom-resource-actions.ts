import { expect } from "vitest";
import type { ClientAction } from "./client-action.ts";
import { nest, nestDefinition } from "./sample-objects.ts";

/** A definition and the objects of its kind. */
export const customResourceActions: readonly ClientAction[] = [
  {
    name: "apply a definition, wait for it, apply objects of it",
    act: async (client) => {
      const definition = client.write("crd.json", nestDefinition());
      expect(await client.kubectl("apply", "-f", definition)).toBe(
        "customresourcedefinition.apiextensions.k8s.io/nests.example.com created\n",
      );
      expect(await client.kubectl("wait", "--for=condition=Established", "crd/nests.example.com")).toBe(
        "customresourcedefinition.apiextensions.k8s.io/nests.example.com condition met\n",
      );
      const apply = (eggs: number, ...args: string[]): Promise<string> =>
        client.kubectl("apply", ...args, "-f", client.write("nest.json", nest("oak", eggs)));
      expect(await apply(3)).toBe("nest.example.com/oak created\n");
      expect(await apply(4)).toBe("nest.example.com/oak configured\n");
      expect(await apply(4, "--server-side", "--force-conflicts")).toBe("nest.example.com/oak serverside-applied\n");
    },
  },
  {
    name: "get (columns, short name, category), describe, api-resources, explain",
    act: async (client) => {
      client.given(nestDefinition(), nest("oak", 3));
      expect(await client.kubectl("get", "ne")).toMatch(/^NAME +EGGS\noak +3\n$/);
      expect(await client.kubectl("get", "all")).toMatch(/^nest\.example\.com\/oak +3$/m);
      expect(await client.kubectl("describe", "nest", "oak")).toMatch(/^Spec:\n +Eggs: +3\n +Material: +moss$/m);
      expect(await client.kubectl("api-resources", "--api-group=example.com", "--no-headers")).toMatch(
        /^nests +ne +example\.com\/v1 +true +Nest\n$/,
      );
      expect(await client.kubectl("explain", "nest.spec")).toMatch(/eggs\t<integer>\n +How many eggs are in it\./);
    },
  },
  {
    name: "patch, scale, status of a custom object",
    act: async (client) => {
      client.given(nestDefinition(), nest("oak", 3));
      expect(await client.kubectl("patch", "nest", "oak", "--type=merge", "-p", '{"spec":{"material":"hay"}}')).toBe(
        "nest.example.com/oak patched\n",
      );
      const status = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}';
      await client.kubectl("patch", "nest", "oak", "--type=merge", "--subresource=status", "-p", status);
      expect(await client.kubectl("wait", "--for=condition=Ready", "nest/oak")).toBe(
        "nest.example.com/oak condition met\n",
      );
      expect(await client.kubectl("scale", "nest", "oak", "--replicas=5")).toBe("nest.example.com/oak scaled\n");
      expect(await client.kubectl("get", "nest", "oak", "-o", "jsonpath={.spec}")).toBe('{"eggs":5,"material":"hay"}');
    },
  },
  {
    name: "what schema and rules refuse",
    act: async (client) => {
      client.given(nestDefinition());
      const create = async (eggs: unknown): Promise<string> =>
        (await client.run("kubectl", ["create", "-f", client.write("nest.json", nest("oak", eggs as number))])).err;
      expect(await create(-1)).toBe(
        'The Nest "oak" is invalid: \n' +
          "* spec.eggs: Invalid value: -1: spec.eggs in body should be greater than or equal to 0\n" +
          "* .spec.eggs: Invalid value: -1: should be a non-negative integer\n",
      );
      expect(await create(10)).toBe('The Nest "oak" is invalid: spec: Invalid value: too many eggs\n');
    },
  },
  {
    name: "get --watch of custom objects",
    act: async (client) => {
      client.given(nestDefinition(), nest("oak", 3));
      await using watch = client.start("kubectl", ["get", "nests", "--watch"]);
      expect((await watch.lines(2))[1]).toMatch(/^oak +3/);
      client.given(nest("elm", 1));
      expect((await watch.lines(3))[2]).toMatch(/^elm +1/);
    },
  },
  {
    name: "delete a definition, with its objects",
    act: async (client) => {
      client.given(nestDefinition(), nest("oak", 3));
      expect(await client.kubectl("delete", "crd", "nests.example.com")).toContain('"nests.example.com" deleted');
      expect((await client.run("kubectl", ["get", "nests"])).err).toContain(
        "the server could not find the requested resource (get nests.example.com)",
      );
    },
  },
];
