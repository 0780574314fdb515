import type { TransportResponse } from "./transport.ts";

/** Media type of Kubernetes' own protobuf. */
export const PROTOBUF = "application/vnd.kubernetes.protobuf";

/** True for an answer in protobuf. */
export function isProtobuf({ response }: { readonly response: TransportResponse }): boolean {
  const type = response.headers["content-type"];
  return typeof type === "string" && type.startsWith(PROTOBUF);
}
