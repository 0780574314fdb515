import type { StatusCause } from "../refusals/api-refusal.ts";
import { badRequest, invalid } from "../refusals/refusals.ts";

/** `PodLogOptions`, read from the query. */
export interface LogOptions {
  /** "" for the only container. */
  readonly container: string;
  readonly isFollowed: boolean;
  readonly isPrevious: boolean;
  readonly hasTimestamps: boolean;
  /** Lines from the end; undefined for all. */
  readonly tailLines: number | undefined;
  /** Bytes of the answer; undefined for all. */
  readonly limitBytes: number | undefined;
  /** Lines before this time are left out, milliseconds since 1970-01-01 UTC; undefined for none. */
  readonly sinceMs: number | undefined;
}

/**
 * Reads and validates the options of a log request.
 *
 * @throws ApiRefusal 400 (no number, no time), 422
 * @see k8s.io/kubernetes v1.36.3 pkg/apis/core/validation ValidatePodLogOptions
 */
export function readLogOptions(query: URLSearchParams, name: string, now: number): LogOptions {
  const tailLines = readInteger(query, "tailLines");
  const limitBytes = readInteger(query, "limitBytes");
  const sinceSeconds = readInteger(query, "sinceSeconds");
  const sinceTime = query.get("sinceTime") ?? "";
  const causes: StatusCause[] = [];
  const refuse = (field: string, value: number, why: string): void => {
    causes.push({
      reason: "FieldValueInvalid",
      message: `Invalid value: ${value}: must be greater than ${why}`,
      field,
    });
  };
  if (tailLines !== undefined && tailLines < 0) refuse("tailLines", tailLines, "or equal to 0");
  if (limitBytes !== undefined && limitBytes < 1) refuse("limitBytes", limitBytes, "0");
  if (sinceSeconds !== undefined && sinceTime !== "") {
    const message = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
    causes.push({ reason: "FieldValueForbidden", message, field: "" });
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) refuse("sinceSeconds", sinceSeconds, "0");
  if (causes.length > 0) throw invalid({ group: "", kind: "PodLogOptions" }, name, causes);
  return {
    container: query.get("container") ?? "",
    isFollowed: isSet(query.get("follow")),
    isPrevious: isSet(query.get("previous")),
    hasTimestamps: isSet(query.get("timestamps")),
    tailLines,
    limitBytes,
    sinceMs: sinceSeconds === undefined ? readTime(sinceTime) : now - sinceSeconds * 1000,
  };
}

function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? "";
  if (text === "") return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return value;
}

function readTime(text: string): number | undefined {
  if (text === "") return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw badRequest(`parsing time ${JSON.stringify(text)}: cannot parse`);
  return time;
}

/** Any value but these two is yes, as for all query parameters of the API. */
function isSet(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== "false" && value !== "0";
}
