import { readFileSync, statSync } from "node:fs";
import { createError } from "@kinglet/errors";

import { alertSinksErrors } from "../errors.ts";
import type { PostTarget } from "./post-alerts.ts";

/** What the exporters over HTTP have in common. @public */
export interface HttpTargetSettings {
  /** `http:` or `https:`, without credentials; the exporter's own path is added to it. */
  readonly url: string;
  /**
   * Sent with each request. `<NAME>` in a value stands for the variable of that name, `<file:PATH>` for what is in that file, without blanks
   * around it, as it is at that moment.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** For `<NAME>` in header values; credentials belong here or in `headers`, and appear in no log. */
  readonly variables?: Readonly<Record<string, string>>;
  /** PEM file of the authorities that may vouch for the receiver, instead of the system's. Read once. */
  readonly caFile?: string;
  /** Milliseconds for one request, 1 … 600000. @defaultValue 5000 */
  readonly timeoutMs?: number;
}

/** @throws KINGLET_ERR_ALERT_SINKS_INVALID_SETTING, without the value: it may hold a credential. @internal */
export function resolvePostTarget(exporter: string, settings: HttpTargetSettings, path: string): PostTarget {
  const url = URL.canParse(settings.url) ? new URL(settings.url) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalidSetting(exporter, "url", "http://HOST[:PORT][/PATH] or https://..., the port at most 65535");
  }
  if (url.username !== "" || url.password !== "") {
    throw invalidSetting(exporter, "url", "without user and password: send them in a header");
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${path}`;
  url.hash = "";
  const given = Object.entries(settings.headers ?? {});
  const names = new Set<string>();
  for (const [name] of given) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw invalidSetting(exporter, "headers", "named by HTTP tokens");
    if (ownHeaders.has(name.toLowerCase()))
      throw invalidSetting(exporter, "headers", `without ${name}: it is ours to set`);
    if (names.has(name.toLowerCase())) throw invalidSetting(exporter, "headers", `with ${name} once`);
    names.add(name.toLowerCase());
  }
  const headers = (): Record<string, string> =>
    Object.fromEntries(given.map(([name, value]) => [name, fillPlaces(exporter, value, settings.variables ?? {})]));
  // What is wrong is said at the start.
  headers();
  const timeoutMs = wholeNumber(exporter, "timeoutMs", settings.timeoutMs ?? 5_000, 1, 600_000);
  return { url, headers, ca: readCa(exporter, settings.caFile), timeoutMs };
}

/** They say how a message ends and where it goes: two opinions about that are how requests are smuggled. */
const ownHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function fillPlaces(exporter: string, value: string, variables: Readonly<Record<string, string>>): string {
  const filled = value.replace(/<(?:file:([^<>]+)|(\w+))>/g, (_place, path: string | undefined, name: string) => {
    if (path !== undefined) return readCredential(exporter, path);
    const found = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (found === undefined) throw invalidSetting(exporter, "headers", `filled: there is no variable ${name}`);
    return found;
  });
  if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(filled)) throw invalidSetting(exporter, "headers", "printable text");
  return filled;
}

function readCredential(exporter: string, path: string): string {
  try {
    const text = readSmallFile(path).trim();
    if (text.length > 0 && text.length <= 16_384) return text;
  } catch (cause) {
    throw invalidSetting(exporter, "headers", "filled: a file that it names cannot be read", cause);
  }
  throw invalidSetting(exporter, "headers", "filled: a file that it names is empty or too long");
}

/** Authorities of a whole distribution are 250 KiB. */
const maxFileBytes = 1_048_576;

/** What is no regular file is not opened: reading a pipe or a device might never end, and everything else with it. */
function readSmallFile(path: string): string {
  const found = statSync(path);
  if (!found.isFile()) throw new Error(`${path} is no file`);
  if (found.size > maxFileBytes) throw new Error(`${path} is larger than ${maxFileBytes} bytes`);
  return readFileSync(path, "utf8");
}

/** @internal */
export function readCa(exporter: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readSmallFile(path);
  } catch (cause) {
    throw invalidSetting(exporter, "caFile", "a file that can be read", cause);
  }
  // Node takes a file without a certificate in silence and then trusts nobody.
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw invalidSetting(exporter, "caFile", "a PEM certificate file");
  return text;
}

/** @internal */
export function wholeNumber(exporter: string, key: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidSetting(exporter, key, `a whole number from ${min} to ${max}`);
}

/** @internal */
export function invalidSetting(exporter: string, key: string, permitted: string, cause?: unknown): Error {
  const details = { exporter, key, permitted };
  return createError(
    alertSinksErrors,
    "KINGLET_ERR_ALERT_SINKS_INVALID_SETTING",
    details,
    cause === undefined ? {} : { cause },
  );
}
