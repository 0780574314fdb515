import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";

/** @internal */
export interface Probe {
  readonly url: string;
  readonly caPem?: string;
  readonly token?: string;
}

/** One GET on a connection of its own: status and body, or `undefined` when there was no answer within 5 s. @internal */
export async function probe(target: Probe): Promise<{ readonly status: number; readonly body: string } | undefined> {
  const headers = target.token === undefined ? {} : { authorization: `Bearer ${target.token}` };
  const { promise, resolve } = Promise.withResolvers<{ status: number; body: string } | undefined>();
  const answer = (response: IncomingMessage): void => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      body += text;
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    response.on("error", () => resolve(undefined));
  };
  const shared = { agent: false, headers, timeout: 5_000 } as const;
  const request = target.url.startsWith("https:")
    ? httpsGet(target.url, { ...shared, ...(target.caPem === undefined ? {} : { ca: target.caPem }) }, answer)
    : httpGet(target.url, shared, answer);
  request.on("timeout", () => request.destroy());
  // Nobody listens yet, or the server is going down: the caller asks again.
  request.on("error", () => resolve(undefined));
  return promise;
}
