const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: "the server rejected our request for an unknown reason",
  401: "the server has asked for the client to provide credentials",
  404: "the server could not find the requested resource",
  405: "the server does not allow this method on the requested resource",
  409: "the server reported a conflict",
  422: "the server rejected our request due to an error in our request",
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
  504: "the server was unable to return a response in the time allotted, but may still be processing the request",
};

/** What the API server says of a webhook that answered with another status than 200 to 206. */
export function describeStatus(status: number, body: string): string {
  const text = body.trim() === "" ? "unknown" : body.trim();
  const known = STATUS_TEXTS[status];
  if (known !== undefined) return known;
  if (status === 403 || status === 415) return text;
  if (status === 406) {
    return text === "unknown" ? "the server was unable to respond with a content type that the client supports" : text;
  }
  if (status >= 500)
    return `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${status} but did not return more information`;
}

/** What the API server says of a webhook that it got no answer from; the words are those of Go's network library. */
export function describeCallProblem(
  error: unknown,
  at: { readonly host: string; readonly port: number; readonly serverName: string | undefined },
): string {
  const { code = "", message = String(error) } = error as { readonly code?: string; readonly message?: string };
  const address = at.host.includes(":") ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`;
  switch (code) {
    case "ECONNREFUSED":
      return `dial tcp ${address}: connect: connection refused`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `dial tcp: lookup ${at.host}: no such host`;
    case "EHOSTUNREACH":
      return `dial tcp ${address}: connect: no route to host`;
    case "ENETUNREACH":
      return `dial tcp ${address}: connect: network is unreachable`;
    case "ETIMEDOUT":
      return `dial tcp ${address}: i/o timeout`;
    case "ECONNRESET":
      return /hang up|disconnected/.test(message) ? "EOF" : `read tcp ${address}: read: connection reset by peer`;
    case "EPROTO":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return "http: server gave HTTP response to HTTPS client";
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `tls: failed to verify certificate: x509: ${nameProblem(error, at.serverName ?? at.host)}`;
    default:
      if (code === "" || !/CERT|ISSUER|SIGNATURE|CHAIN|LEAF/.test(code)) return message;
      return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  }
}

/** The names a certificate is good for, as Node reports them with the failure. */
function nameProblem(error: unknown, host: string): string {
  const { cert } = error as { readonly cert?: { readonly subjectaltname?: string } };
  const names = (cert?.subjectaltname ?? "").split(", ");
  const isAddress = /^[\d.]+$|:/.test(host);
  const wanted = isAddress ? "IP Address:" : "DNS:";
  const list = names.filter((name) => name.startsWith(wanted)).map((name) => name.slice(wanted.length));
  if (list.length > 0) return `certificate is valid for ${list.join(", ")}, not ${host}`;
  if (isAddress) return `cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  return `certificate is not valid for any names, but wanted to match ${host}`;
}
