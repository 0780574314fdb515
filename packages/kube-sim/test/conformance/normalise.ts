/** Texts that differ between two runs of the same server, and what stands for them. */
const VARYING: readonly (readonly [RegExp, string | ((found: string) => string)])[] = [
  [/\b10\.0\.0\.\d+\b/g, "<clusterIP>"],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uid>"],
  // The first of January 2026 is what the requests themselves write; every other time is the server's.
  [
    /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g,
    (found: string): string => (found.startsWith("2026-01-01") ? found : "<time>"),
  ],
  [/127\.0\.0\.1:\d+/g, "<address>"],
  [/hash=[0-9A-F]+/g, "hash=<hash>"],
  [/current: \d+/g, "current: <version>"],
  [/(ResourceVersion in (?:the precondition|record)) \(\d+\)/g, "$1 (<version>)"],
  [/gen-[a-z0-9]{5}/g, "gen-<random>"],
  [/kube-api-access-[a-z0-9]{5}/g, "kube-api-access-<random>"],
  [/resourceVersion: "\d+"/g, 'resourceVersion: "<version>"'],
  [/\("[^"]*"\) is too old|too old resource version: \d+ \(\d+\)/g, "<too old>"],
];

/** Members whose whole value differs from run to run, unless it is empty. */
const VARYING_MEMBERS: Readonly<Record<string, string>> = {
  resourceVersion: "<version>",
  continue: "<continue>",
  caBundle: "<authority>",
};

/** Lists without an order of their own. */
const UNORDERED: Readonly<Record<string, true>> = {
  causes: true,
  nonResourceURLs: true,
  resourceRules: true,
  nonResourceRules: true,
};

/**
 * Replaces what two runs of one server never share (uids, versions, times, tokens, addresses), sorts members by name and
 * lists that have no order.
 */
export function normalise(value: unknown, member = ""): unknown {
  if (typeof value === "string") return normaliseText(value, member);
  if (Array.isArray(value)) {
    const list = value.map((element) => normalise(element));
    return UNORDERED[member] === true ? list.sort(byJson) : list;
  }
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    result[name] = name === "managedFields" && Array.isArray(inner) ? normaliseOwners(inner) : normalise(inner, name);
  }
  return result;
}

function normaliseText(text: string, member: string): string {
  if (member === "token") return "<token>";
  const whole = VARYING_MEMBERS[member];
  if (whole !== undefined && text !== "") return whole;
  if (/^\d+s$/.test(text)) return "<age>";
  let result = text;
  for (const [pattern, replacement] of VARYING) {
    result =
      typeof replacement === "string" ? result.replace(pattern, replacement) : result.replace(pattern, replacement);
  }
  return result;
}

/** Times of entries vary, and so does their order when two fall into one second. */
function normaliseOwners(entries: readonly unknown[]): unknown[] {
  return (entries as Record<string, unknown>[])
    .map(({ manager, operation, subresource, fieldsV1 }) => ({ manager, operation, subresource, fieldsV1 }))
    .sort(byJson);
}

function byJson(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
