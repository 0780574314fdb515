import { request } from "node:https";
import type { ClusterFixture } from "./cluster-fixture.ts";

/** What the API server answered. */
export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON, or the text when it was none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read members of whatever they asked for
  readonly body: any;
}

/**
 * Sends one request as administrator, on a connection of its own, without any client under test.
 *
 * @param body - JSON-able; sent only when given.
 * @param contentType - default `application/json`, for PATCH `application/merge-patch+json`.
 * @returns every answer, refusals too.
 */
export function apiRequest(
  fixture: Pick<ClusterFixture, "server" | "caPem" | "adminToken">,
  method: string,
  path: string,
  body?: unknown,
  contentType: string = method === "PATCH" ? "application/merge-patch+json" : "application/json",
): Promise<ApiAnswer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, fixture.server),
      {
        method,
        agent: false,
        ca: fixture.caPem,
        headers: {
          authorization: `Bearer ${fixture.adminToken}`,
          accept: "application/json",
          "user-agent": "kinglet-testing",
          ...(payload === undefined
            ? {}
            : { "content-type": contentType, "content-length": Buffer.byteLength(payload) }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: answer.statusCode ?? 0, body: parseBody(text) });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}

/** Like {@link apiRequest}, but a status of 400 or more is an error that carries the answer. */
export async function apiCall(
  fixture: Pick<ClusterFixture, "server" | "caPem" | "adminToken">,
  method: string,
  path: string,
  body?: unknown,
  contentType?: string,
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
): Promise<any> {
  const answer = await apiRequest(fixture, method, path, body, contentType);
  if (answer.status < 400) return answer.body;
  throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Health endpoints answer plain text.
    return text;
  }
}
