import { createError } from "@kinglet/errors";
import { redact } from "@kinglet/logger";

import { alertSinksErrors } from "../errors.ts";
import { escapeForTerminal } from "../escape-text.ts";
import { cutBytes } from "./bounded-body.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";

/** Where and how an exporter posts; credentials live in `headers` only and reach no log. @internal */
export interface PostTarget {
  readonly url: URL;
  /** Asked before each request: a credential in a file may have been renewed. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly ca: string | undefined;
  readonly timeoutMs: number;
}

const repeatable: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 425, 429]);

/** Bytes of an answer that may appear in a log. */
const maxLoggedBytes = 1024;

/**
 * Posts JSON and judges the answer by its status: 2xx is delivered. What says that these alerts cannot be taken is refused for good: 400, 413,
 * 422 and every other 4xx. What speaks of the receiver (408, 425, 429, 5xx) or of the way and the credentials (3xx, 401, 403, 404, 405, 407) may
 * succeed later, once somebody has mended it: an expired token must not cost the alerts of that time.
 *
 * @throws what {@link HttpClient.send} throws; KINGLET_ERR_ALERT_SINKS_UNAVAILABLE, KINGLET_ERR_ALERT_SINKS_REJECTED.
 * @internal
 */
export async function postAlerts(
  client: HttpClient,
  target: PostTarget,
  body: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const own = readHeaders(target);
  const headers = { ...own, "content-type": "application/json" };
  const answer = await client.send(target.url, {
    method: "POST",
    headers,
    body,
    timeoutMs: target.timeoutMs,
    signal,
    ...(target.ca !== undefined && { ca: target.ca }),
  });
  const { status } = answer;
  if (status >= 200 && status < 300) return answer;
  const mayPass = status < 400 || status >= 500 || repeatable.has(status);
  throw createError(
    alertSinksErrors,
    mayPass ? "KINGLET_ERR_ALERT_SINKS_UNAVAILABLE" : "KINGLET_ERR_ALERT_SINKS_REJECTED",
    {
      target: target.url.origin,
      status,
      answer: excerpt(answer.text, own),
      ...(answer.retryAfterMs !== undefined && { retryAfterMs: answer.retryAfterMs }),
    },
  );
}

/**
 * For receivers whose answers are known: a page for people, or `"status": "error"`, comes from a login page, a default backend or a broken gateway, whatever
 * its status. What it was given is not delivered.
 *
 * @throws KINGLET_ERR_ALERT_SINKS_UNAVAILABLE
 * @internal
 */
export function assertOfProtocol({ contentType, status, text }: HttpAnswer, target: PostTarget): void {
  const isPage = contentType === "text/html" || /^\s*</.test(text);
  if (!isPage && !/^\s*\{\s*"status"\s*:\s*"error"/.test(text)) return;
  const details = { target: target.url.origin, status, answer: excerpt(text, readHeaders(target)) };
  throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_UNAVAILABLE", details);
}

/** A file with a credential may be away for a moment while it is renewed: no reason to give alerts up. */
function readHeaders(target: PostTarget): Readonly<Record<string, string>> {
  try {
    return target.headers();
  } catch (cause) {
    const details = { target: target.url.origin, reason: cause instanceof Error ? cause.message : "no credentials" };
    throw createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_UNREACHABLE", details, { cause });
  }
}

/** An answer for a log: short, harmless, and without what we sent to prove who we are, in case the receiver repeats it. */
function excerpt(text: string, headers: Readonly<Record<string, string>>): string {
  // Twice the length before redaction: a secret must not survive because the cut took the word that names it.
  let safe = cutBytes(text, 2 * maxLoggedBytes);
  for (const value of Object.values(headers)) {
    for (const secret of [value, value.slice(value.indexOf(" ") + 1)]) {
      if (secret.length >= 4) safe = safe.replaceAll(secret, "[redacted]");
    }
  }
  return cutBytes(escapeForTerminal(redact(safe)), maxLoggedBytes);
}
