import { normalise } from "./normalise.ts";
import { describeEnvelope } from "./protobuf-envelope.ts";
import type { Answer, Frame } from "./recording.ts";

/** The four levels, each including the ones before it. */
export const LEVELS: readonly Level[] = ["status", "shape", "body", "exact"];
export type Level = "status" | "shape" | "body" | "exact";

/** How well an answer fits. */
export interface Comparison {
  /** The highest level reached; undefined when not even the status is the same. */
  readonly level: Level | undefined;
  /** What keeps it from the next one: `path: wanted … got …`, a few at most. */
  readonly differences: readonly string[];
}

/**
 * Compares an answer with the recorded one.
 *
 * `status`; `shape` adds media type, `reason`, `Retry-After`, `Warning` and the types of watch frames; `body` adds everything but
 * messages and managedFields; `exact` adds those. Objects that a controller may add in between are left out.
 */
export function compareAnswers(wanted: Answer, got: Answer): Comparison {
  if (wanted.status !== got.status) {
    const found = got.error ?? `${got.status ?? "nothing"} ${text(pick(got, "message"))}`;
    return { level: undefined, differences: [`status: wanted ${wanted.status ?? "?"} got ${found}`] };
  }
  const shape = differencesOf(shapeOf(wanted), shapeOf(got));
  if (shape.length > 0) return { level: "status", differences: shape };
  const [wantedBody, gotBody] = [normalise(contentOf(wanted)), normalise(contentOf(got))];
  const body = differencesOf(withoutDetails(wantedBody), withoutDetails(gotBody));
  if (body.length > 0) return { level: "shape", differences: body };
  const exact = differencesOf(wantedBody, gotBody);
  return exact.length > 0 ? { level: "body", differences: exact } : { level: "exact", differences: [] };
}

function shapeOf(answer: Answer): unknown {
  return {
    mediaType: (answer.headers?.["content-type"] ?? "").split(";")[0],
    reason: pick(answer, "reason"),
    retryAfter: answer.headers?.["retry-after"],
    warning: answer.headers?.["warning"],
    frames: framesOf(answer)?.map((frame) => frame["type"] ?? null),
  };
}

function contentOf(answer: Answer): unknown {
  return answer.body ?? framesOf(answer) ?? (answer.base64 === undefined ? answer.text : { base64: answer.base64 });
}

function pick(answer: Answer, member: string): unknown {
  return (answer.body as Record<string, unknown> | null | undefined)?.[member];
}

function framesOf(answer: Answer): readonly Frame[] | undefined {
  return answer.frames?.filter((frame) => !isControllersOwn(frame["object"]));
}

/** The root authority that a controller puts into every namespace: it may come at any moment. */
function isControllersOwn(object: unknown): boolean {
  return (object as { metadata?: { name?: unknown } } | undefined)?.metadata?.name === "kube-root-ca.crt";
}

/** Leaves out messages, field owners, the controllers' own objects and the token volume of pods; opens protobuf envelopes. */
function withoutDetails(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((element) => !isControllersOwn(element)).map(withoutDetails);
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    if (name === "managedFields" || name === "message") continue;
    if (name === "base64") {
      result[name] = describeEnvelope(String(inner));
    } else if (name === "volumes" || name === "volumeMounts") {
      const own = ((inner ?? []) as { name?: string }[]).filter((v) => !(v.name ?? "").startsWith("kube-api-access-"));
      if (own.length > 0) result[name] = withoutDetails(own);
    } else {
      result[name] = withoutDetails(inner);
    }
  }
  return result;
}

const MAX_DIFFERENCES = 8;

function differencesOf(wanted: unknown, got: unknown, path = "", found: string[] = []): string[] {
  if (found.length >= MAX_DIFFERENCES || text(wanted) === text(got)) return found;
  const areBothObjects = [wanted, got].every((value) => typeof value === "object" && value !== null);
  if (areBothObjects && Array.isArray(wanted) === Array.isArray(got)) {
    const [a, b] = [wanted as Record<string, unknown>, got as Record<string, unknown>];
    const before = found.length;
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      differencesOf(a[key], b[key], path === "" ? key : `${path}.${key}`, found);
    }
    if (found.length === before) found.push(`${path}: order of members`);
    return found;
  }
  found.push(`${path}: wanted ${text(wanted).slice(0, 200)} got ${text(got).slice(0, 200)}`);
  return found;
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? "undefined";
}
