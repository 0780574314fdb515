import { createHash } from "node:crypto";
import type { Finding } from "@kinglet/enrichment";
import { redact } from "@kinglet/logger";
import { isObject, objectOf, textOf, type JsonObject } from "../json-object.ts";
import { boundedText } from "../webhook/bounded-text.ts";
import { isTime } from "../webhook/is-time.ts";
import { severityOf } from "./priority.ts";

const maxFields = 64;
const maxText = 1024;
const maxName = 256;

/**
 * Makes a finding of what Falco posts for one alert (`json_output`).
 *
 * Every part but the rule's name may be missing: output fields and the output text can be switched off in Falco. The container is known by the first 12
 * characters of its id (`details["container.id"]`). At most 64 output fields become details, under Falco's names, numbers exact,
 * secrets taken out.
 *
 * @param receivedAt - RFC 3339; stands in for a time that is missing or unreadable.
 * @returns undefined when it is no alert.
 *
 * @internal
 */
export function readFalcoAlert(value: unknown, receivedAt: string): Finding | undefined {
  if (!isObject(value)) return undefined;
  const ruleName = boundedText(textOf(value, "rule"), maxName);
  if (ruleName === "") return undefined;
  const fields = objectOf(value, "output_fields") ?? {};
  const field = (name: string): string => boundedText(textOfField(fields[name]), maxName);
  const priority = boundedText(textOf(value, "priority"), 32);
  const time = timeOf(value, fields) ?? receivedAt;
  const hostname = boundedText(textOf(value, "hostname"), maxName);
  const output = textOf(value, "output");
  const text = output === "" ? textOf(value, "message") : output;
  return {
    source: "falco",
    ruleId: ruleName,
    ruleName,
    severity: severityOf(priority),
    message: text === "" ? `Falco: ${ruleName}` : redacted(text),
    time,
    namespace: field("k8s.ns.name"),
    podName: field("k8s.pod.name"),
    containerName: field("k8s.pod.name") === "" ? "" : containerNameOf(field("container.name")),
    nodeName: hostname,
    user: field("user.name"),
    uniqueId: `falco/${digest([ruleName, time, hostname, text, JSON.stringify(fields)])}`,
    details: detailsOf(value, fields, priority),
  };
}

function detailsOf(alert: JsonObject, fields: JsonObject, priority: string): Readonly<Record<string, string>> {
  const { tags } = alert;
  const source = boundedText(textOf(alert, "source"), maxName);
  const known: readonly (readonly [string, string])[] = [
    ["priority", priority],
    ["source", source],
    ["tags", Array.isArray(tags) ? boundedText(tags.filter((tag) => typeof tag === "string").join(","), maxText) : ""],
  ];
  const details = known.filter(([, text]) => text !== "");
  for (const [name, value] of Object.entries(fields)) {
    if (details.length >= maxFields) break;
    const text = name === "container.id" ? textOfField(value).slice(0, 12) : redacted(textOfField(value));
    // Falco's own names have dots; the three above have none.
    if (text !== "" && name.includes(".")) details.push([boundedText(name, maxName), text]);
  }
  return Object.fromEntries(details);
}

/** `time`, else `evt.time.iso8601`, else the nanoseconds of `evt.time` or `evt.rawtime`. */
function timeOf(alert: JsonObject, fields: JsonObject): string | undefined {
  for (const value of [alert["time"], fields["evt.time.iso8601"], fields["evt.time"], fields["evt.rawtime"]]) {
    // Falco writes offsets without a colon.
    const text = typeof value === "string" ? value.replace(/([+-]\d\d)(\d\d)$/, "$1:$2") : "";
    if (isTime(text)) return text;
    const nanoseconds = textOfField(value);
    if (/^\d{16,19}$/.test(nanoseconds)) return fromNanoseconds(nanoseconds);
  }
  return undefined;
}

/** Docker's names of containers that a kubelet started begin with `k8s_CONTAINER_POD_`; those of other runtimes are the containers' own. */
function containerNameOf(name: string): string {
  return /^k8s_([^_]+)_/.exec(name)?.[1] ?? name;
}

/** Digits of nanoseconds since 1970 as RFC 3339, none of them lost. */
function fromNanoseconds(digits: string): string {
  const seconds = Number(digits.slice(0, -9));
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${digits.slice(-9)}Z`;
}

/** Fields without a value are null in Falco's JSON, `<NA>` in older releases. */
function textOfField(value: unknown): string {
  if (typeof value === "string") return value === "<NA>" ? "" : value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) || isObject(value) ? JSON.stringify(value) : "";
}

function redacted(text: string): string {
  return boundedText(redact(text.slice(0, 4 * maxText)), maxText);
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
}
