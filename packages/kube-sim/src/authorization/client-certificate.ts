import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { completeUser, type UserInfo } from "./user-info.ts";

/** What the certificate of a connection says: nothing presented, not one of the trusted authority, or whose it is. */
export type CertificateVerdict =
  | { readonly kind: "none" }
  | { readonly kind: "foreign" }
  | { readonly kind: "user"; readonly user: UserInfo };

/** The user that a client certificate names: the common name, in the groups that are its organisations. Connections were verified when they were made. */
export function readClientCertificate(request: IncomingMessage): CertificateVerdict {
  // Over HTTP/2 the socket stands for the connection's; over plain HTTP it has no such function.
  const socket = request.socket as Partial<TLSSocket> | null;
  const certificate = socket?.getPeerCertificate?.();
  if (certificate?.subject === undefined) return { kind: "none" };
  if (socket?.authorized !== true) return { kind: "foreign" };
  const { CN, O } = certificate.subject as { readonly CN?: string | string[]; readonly O?: string | string[] };
  const name = [CN ?? []].flat().at(-1) ?? "";
  if (name === "") return { kind: "none" };
  const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  const extra = { "authentication.kubernetes.io/credential-id": [`X509SHA256=${fingerprint}`] };
  return { kind: "user", user: completeUser({ name, groups: [O ?? []].flat(), extra }) };
}
