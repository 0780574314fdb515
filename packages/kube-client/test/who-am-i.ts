import type { KubeClient } from "../src/index.ts";

/** Who the server takes a client for. */
export async function whoAmI(client: KubeClient): Promise<{ username: string; groups: string[] }> {
  const review = (await client.request({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  })) as { status: { userInfo: { username: string; groups: string[] } } };
  return review.status.userInfo;
}
