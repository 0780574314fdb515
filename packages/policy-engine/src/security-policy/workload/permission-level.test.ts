import { describe, expect, it } from "vitest";

import { workloadOf } from "../../../test/security-policy/subjects.ts";
import { readPermissionLevel } from "./permission-level.ts";

const account = { kind: "ServiceAccount", name: "shop", namespace: "store" };
const workload = workloadOf({}, { serviceAccountName: "shop" });

const clusterRole = (name: string, ...rules: object[]): object => ({ kind: "ClusterRole", metadata: { name }, rules });
const role = (name: string, ...rules: object[]): object => ({
  kind: "Role",
  metadata: { name, namespace: "store" },
  rules,
});
const bindCluster = (name: string, subject: object = account): object => ({
  kind: "ClusterRoleBinding",
  metadata: { name: "b" },
  roleRef: { kind: "ClusterRole", name },
  subjects: [subject],
});
const bind = (kind: string, name: string, subject: object = account): object => ({
  kind: "RoleBinding",
  metadata: { name: "b", namespace: "store" },
  roleRef: { kind, name },
  subjects: [subject],
});

const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const reading = { verbs: ["get", "list", "watch"], apiGroups: [""], resources: ["pods"] };
const writing = { verbs: ["get", "patch"], apiGroups: ["apps"], resources: ["deployments"] };
const secrets = { verbs: ["get"], apiGroups: [""], resources: ["secrets"] };

describe("readPermissionLevel", () => {
  it.each<[string, string, readonly unknown[]]>([
    ["nothing is bound", "NONE", [clusterRole("admin", everything)]],
    ["the role does not exist", "NONE", [bindCluster("gone")]],
    ["the role is for reading", "DEFAULT", [clusterRole("view", reading), bindCluster("view")]],
    [
      "the role is for paths only",
      "DEFAULT",
      [clusterRole("v", { verbs: ["get"], nonResourceURLs: ["/healthz"] }), bindCluster("v")],
    ],
    ["it may write in a namespace", "ELEVATED_IN_NAMESPACE", [role("edit", writing), bind("Role", "edit")]],
    [
      "it is admin of a namespace",
      "ELEVATED_IN_NAMESPACE",
      [clusterRole("admin", everything), bind("ClusterRole", "admin")],
    ],
    ["it may write anywhere", "ELEVATED_CLUSTER_WIDE", [clusterRole("edit", reading, writing), bindCluster("edit")]],
    ["it may read Secrets", "ELEVATED_CLUSTER_WIDE", [clusterRole("s", secrets), bindCluster("s")]],
    [
      "it may impersonate",
      "ELEVATED_CLUSTER_WIDE",
      [clusterRole("i", { ...reading, verbs: ["impersonate"] }), bindCluster("i")],
    ],
    ["it may do everything", "CLUSTER_ADMIN", [clusterRole("admin", everything), bindCluster("admin")]],
    [
      "the highest counts",
      "CLUSTER_ADMIN",
      [clusterRole("admin", everything), clusterRole("view", reading), bindCluster("admin"), bindCluster("view")],
    ],
  ])("when %s it is %s", (_situation, level, objects) => {
    expect(readPermissionLevel(workload, objects)).toBe(level);
  });

  it("counts groups and the user that the account is in, and no other account [policy E-14]", () => {
    const admin = clusterRole("admin", everything);
    const levelFor = (subject: object): string => readPermissionLevel(workload, [admin, bindCluster("admin", subject)]);
    expect(levelFor({ kind: "Group", name: "system:serviceaccounts" })).toBe("CLUSTER_ADMIN");
    expect(levelFor({ kind: "Group", name: "system:serviceaccounts:store" })).toBe("CLUSTER_ADMIN");
    expect(levelFor({ kind: "Group", name: "system:authenticated" })).toBe("CLUSTER_ADMIN");
    expect(levelFor({ kind: "User", name: "system:serviceaccount:store:shop" })).toBe("CLUSTER_ADMIN");
    expect(levelFor({ kind: "Group", name: "system:serviceaccounts:other" })).toBe("NONE");
    expect(levelFor({ ...account, namespace: "other" })).toBe("NONE");
    expect(levelFor({ ...account, name: "default" })).toBe("NONE");
    expect(levelFor({ kind: "Else", name: "shop" })).toBe("NONE");
  });

  it("never throws, whatever the objects hold", () => {
    const odd = [
      null,
      1,
      "x",
      [],
      { kind: "RoleBinding" },
      { kind: "ClusterRoleBinding", subjects: [null, account], roleRef: 1 },
    ];
    expect(readPermissionLevel(workload, [...odd, { kind: "ClusterRole", rules: {} }])).toBe("NONE");
  });
});
