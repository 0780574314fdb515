/**
 * Users that the API server knows by bearer token. They are the same ones that the recorded answers of a real server were
 * made with, so that a recording can be replayed.
 *
 * @public
 */
export type ClusterUser = "admin" | "alice" | "bob" | "carol" | "sensor";

interface TokenUser {
  readonly token: string;
  readonly userName: string;
  readonly groups: readonly string[];
}

/** Only `admin` may do anything before somebody binds roles. @internal */
export const TOKEN_USERS: Readonly<Record<ClusterUser, TokenUser>> = {
  admin: { token: "tok-admin", userName: "admin", groups: ["system:masters"] },
  alice: { token: "tok-alice", userName: "alice", groups: ["dev"] },
  bob: { token: "tok-bob", userName: "bob", groups: ["ops"] },
  carol: { token: "tok-carol", userName: "carol", groups: ["readers"] },
  sensor: {
    token: "tok-sensor",
    userName: "system:serviceaccount:kinglet:sensor",
    groups: ["system:serviceaccounts", "system:serviceaccounts:kinglet"],
  },
};

/** The file behind `--token-auth-file`: `token,user,uid,"group1,group2"` per line. @internal */
export function tokenFile(): string {
  const lines = Object.values(TOKEN_USERS).map(
    (user) => `${user.token},${user.userName},uid-${user.token},"${user.groups.join(",")}"`,
  );
  return `${lines.join("\n")}\n`;
}

/** Token of every user. @internal */
export function tokensByUser(): Record<ClusterUser, string> {
  const entries = Object.entries(TOKEN_USERS).map(([user, { token }]) => [user, token]);
  return Object.fromEntries(entries) as Record<ClusterUser, string>;
}
