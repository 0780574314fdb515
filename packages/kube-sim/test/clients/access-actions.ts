import { expect } from "vitest";
import type { ClientAction } from "./client-action.ts";
import { configMap } from "./sample-objects.ts";

/** Who one is, what one may, tokens and impersonation. */
export const accessActions: readonly ClientAction[] = [
  {
    name: "auth whoami",
    act: async (client) => {
      const path = "jsonpath={.status.userInfo.username} {.status.userInfo.groups}";
      expect(await client.kubectl("auth", "whoami", "-o", path)).toBe(
        'admin ["system:masters","system:authenticated"]',
      );
      expect(await client.kubectl("auth", "whoami", "--as=ann", "-o", path)).toContain("ann ");
    },
  },
  {
    name: "auth can-i",
    act: async (client) => {
      const canI = (...args: string[]): Promise<unknown> => client.run("kubectl", ["auth", "can-i", ...args]);
      expect(await canI("create", "deployments.apps")).toMatchObject({ exit: 0, out: "yes\n" });
      expect(await canI("get", "pods", "--as=ann")).toMatchObject({ exit: 1, out: "no\n" });
      await client.kubectl("create", "clusterrolebinding", "ann", "--clusterrole=view", "--user=ann");
      expect(await canI("get", "pods", "--as=ann")).toMatchObject({ exit: 0, out: "yes\n" });
      expect(await canI("get", "secrets", "--as=ann")).toMatchObject({ exit: 1, out: "no\n" });
      expect(await canI("get", "/healthz", "--as=ann")).toMatchObject({ exit: 0, out: "yes\n" });
      expect(await canI("--list", "--as=ann")).toMatchObject({ out: expect.stringMatching(/^configmaps +\[\] /m) });
    },
  },
  {
    name: "create role|rolebinding|clusterrole|clusterrolebinding|serviceaccount",
    act: async (client) => {
      const create = (...args: string[]): Promise<string> => client.kubectl("create", ...args);
      expect(await create("role", "r", "--verb=get", "--resource=pods")).toBe(
        "role.rbac.authorization.k8s.io/r created\n",
      );
      expect(await create("rolebinding", "b", "--role=r", "--user=ann")).toBe(
        "rolebinding.rbac.authorization.k8s.io/b created\n",
      );
      expect(await create("clusterrole", "cr", "--verb=get", "--non-resource-url=/x")).toBe(
        "clusterrole.rbac.authorization.k8s.io/cr created\n",
      );
      expect(await create("clusterrolebinding", "cb", "--clusterrole=cr", "--group=dev")).toBe(
        "clusterrolebinding.rbac.authorization.k8s.io/cb created\n",
      );
      expect(await create("serviceaccount", "robot")).toBe("serviceaccount/robot created\n");
      expect(await client.kubectl("describe", "clusterrole", "cr")).toMatch(/^ +\[\/x\] +\[\] +\[get\]$/m);
    },
  },
  {
    name: "auth reconcile",
    act: async (client) => {
      const role = {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name: "r", namespace: "default" },
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
      };
      const reconcile = async (object: object): Promise<string> => {
        const { out, err } = await client.run("kubectl", [
          "auth",
          "reconcile",
          "-f",
          client.write("role.json", object),
        ]);
        expect(out).toBe("role.rbac.authorization.k8s.io/r reconciled\n");
        return err;
      };
      expect(await reconcile(role)).toMatch(/reconciliation required create/);
      const wider = { ...role, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }] };
      expect(await reconcile(wider)).toMatch(/missing rules added:\n.*Verbs:\[list\]/s);
    },
  },
  {
    name: "create token, and use it",
    act: async (client) => {
      await client.kubectl("create", "sa", "robot");
      const token = (await client.kubectl("create", "token", "robot", "--duration=10m")).trim();
      expect(token.split(".")).toHaveLength(3);
      const name = "jsonpath={.status.userInfo.username}";
      expect(await client.kubectl(...asToken(token), "auth", "whoami", "-o", name)).toBe(
        "system:serviceaccount:default:robot",
      );
      expect((await client.run("kubectl", [...asToken(token), "get", "pods"])).err).toBe(
        'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:default:robot" cannot list resource "pods" in API group "" in the namespace "default"\n',
      );
    },
  },
  {
    name: "wrong token",
    act: async (client) => {
      const { exit, err } = await client.run("kubectl", [...asToken("wrong"), "get", "pods"]);
      expect(exit).toBe(1);
      expect(err).toContain("error: You must be logged in to the server");
    },
  },
  {
    name: "--as, --as-group",
    act: async (client) => {
      client.given(configMap("a"));
      expect(await client.kubectl("get", "cm", "a", "-o", "name", "--as=x", "--as-group=system:masters")).toBe(
        "configmap/a\n",
      );
      expect((await client.run("kubectl", [...asToken("ann-token"), "get", "cm", "--as=admin"])).err).toMatch(
        /^Error from server \(Forbidden\): .*User "ann" cannot impersonate/,
      );
    },
  },
];

/** A flag for the token does not replace that of the kubeconfig's user: another user does. */
function asToken(token: string): readonly string[] {
  return ["--token", token];
}
