import { readFileSync } from "node:fs";
import * as https from "node:https";
import { connect } from "node:http2";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { openKubeSim, type KubeSim } from "../kube-sim.ts";

const PATH = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const REVIEW = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });
const JSON_TYPE = "application/json";

function file(name: string): string {
  return readFileSync(join(import.meta.dirname, "../../test/certificates", name), "utf8");
}

function pairOf(name: string): { cert: string; key: string } {
  return { cert: file(`${name}.pem`), key: file(`${name}.key`) };
}

/** Status and user of a review of oneself, over HTTP/1.1 with a connection of its own. */
async function whoAmI(
  sim: KubeSim,
  credentials: { readonly cert?: string; readonly key?: string; readonly token?: string },
): Promise<unknown> {
  const { token, ...pair } = credentials;
  const headers = { "content-type": JSON_TYPE, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const request = https.request(`${sim.server}${PATH}`, {
    method: "POST",
    ca: sim.caPem,
    agent: false,
    headers,
    ...pair,
  });
  const answered = new Promise<string>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => resolve(text(response)));
  });
  request.end(REVIEW);
  return userOf(await answered);
}

async function whoAmIOverHttp2(sim: KubeSim, pair: { cert: string; key: string }): Promise<unknown> {
  const session = connect(sim.server, { ca: sim.caPem, ...pair });
  const stream = session.request({ ":method": "POST", ":path": PATH, "content-type": JSON_TYPE });
  stream.end(REVIEW);
  try {
    return userOf(await text(stream));
  } finally {
    session.close();
  }
}

function userOf(body: string): unknown {
  const answer = JSON.parse(body) as { readonly code?: number; readonly status?: { readonly userInfo?: unknown } };
  return answer.status?.userInfo ?? answer.code;
}

const alice = {
  username: "alice",
  groups: ["dev", "ops", "system:authenticated"],
  extra: { "authentication.kubernetes.io/credential-id": [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)] },
};

describe("readClientCertificate", () => {
  it("takes the user and the groups from a certificate of the authority, over both protocols [sim 10]", async () => {
    await using sim = await openKubeSim({ clientAuthorityPem: file("client-authority.pem") });
    expect(await whoAmI(sim, pairOf("client-alice"))).toEqual(alice);
    expect(await whoAmIOverHttp2(sim, pairOf("client-alice"))).toEqual(alice);
    expect(await whoAmI(sim, { ...pairOf("client-alice"), token: "wrong" })).toEqual(alice);
  });

  it("answers a foreign certificate with 401, unless a token stands beside it [sim 10]", async () => {
    await using sim = await openKubeSim({
      clientAuthorityPem: file("client-authority.pem"),
      tokens: { t: { name: "bob" } },
    });
    expect(await whoAmI(sim, pairOf("client-foreign"))).toBe(401);
    expect(await whoAmI(sim, { ...pairOf("client-foreign"), token: "wrong" })).toBe(401);
    expect(await whoAmI(sim, { ...pairOf("client-foreign"), token: "t" })).toMatchObject({ username: "bob" });
    expect(await whoAmI(sim, { token: "t" })).toMatchObject({ username: "bob" });
  });

  it("asks nobody for a certificate without an authority [sim 10]", async () => {
    await using sim = await openKubeSim({ tokens: { t: { name: "bob" } } });
    expect(await whoAmI(sim, { ...pairOf("client-alice"), token: "t" })).toMatchObject({ username: "bob" });
    expect(await whoAmI(sim, pairOf("client-alice"))).toBe(403);
  });
});
