import type { Exchange } from "../requests/exchange.ts";

const PLAIN = "text/plain; charset=utf-8";

/** What each endpoint checks, as far as there is something to check here. */
const CHECKS: ReadonlyMap<string, readonly string[]> = new Map([
  ["livez", ["ping", "log", "etcd"]],
  ["readyz", ["ping", "log", "etcd", "etcd-readiness", "informer-sync", "shutdown"]],
  ["healthz", ["ping", "log", "etcd"]],
]);

/** Answers `/livez`, `/readyz` and `/healthz`, each check under its own path, and all of them with `?verbose`. */
export function answerHealth(exchange: Exchange): boolean {
  const [, endpoint = "", check] = exchange.path.split("/");
  const checks = CHECKS.get(endpoint);
  if (checks === undefined) return false;
  if (check !== undefined && check !== "" && !checks.includes(check)) return false;
  const isVerbose = exchange.query.has("verbose") && (check === undefined || check === "");
  const lines = checks.map((name) => `[+]${name} ok\n`).join("");
  exchange.sendText(200, PLAIN, isVerbose ? `${lines}${endpoint} check passed\n` : "ok");
  return true;
}
