import { parseFieldSelector, type FieldRequirement } from "../selectors/field-selector.ts";
import { parseLabelSelector, type LabelRequirement } from "../selectors/label-selector.ts";
import { badRequest, invalid, refusal } from "../refusals/refusals.ts";
import type { SimResource } from "../resources/sim-resource.ts";

/** The query of a list, watch or collection delete, checked. */
export interface ListOptions {
  readonly labels: readonly LabelRequirement[];
  readonly fields: readonly FieldRequirement[];
  /** 0 = no limit. */
  readonly limit: number;
  readonly continueToken: string;
  /** Undefined when the client named none; 0n is "any". */
  readonly version: bigint | undefined;
  readonly match: "" | "Exact" | "NotOlderThan";
  readonly isWatch: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly allowBookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
}

/**
 * Reads and checks list parameters by the rules of the real server; unknown parameters are ignored.
 *
 * @throws ApiRefusal 400 for what cannot be parsed, 422 for combinations that are forbidden.
 */
export function parseListOptions(query: URLSearchParams, resource: SimResource, isWatch: boolean): ListOptions {
  const initialEvents = query.get("sendInitialEvents");
  const options: ListOptions = {
    labels: parseLabelSelector(query.get("labelSelector") ?? ""),
    fields: parseFieldSelector(query.get("fieldSelector") ?? "", resource),
    limit: Math.max(0, parseWholeNumber(query.get("limit")) ?? 0),
    continueToken: query.get("continue") ?? "",
    version: isWatch
      ? parseWatchVersion(query.get("resourceVersion") ?? "")
      : parseVersion(query.get("resourceVersion") ?? ""),
    match: (query.get("resourceVersionMatch") ?? "") as ListOptions["match"],
    isWatch,
    sendInitialEvents: initialEvents === null || initialEvents === "" ? undefined : isTrue(initialEvents),
    allowBookmarks: isTrue(query.get("allowWatchBookmarks")),
    timeoutSeconds: parseWholeNumber(query.get("timeoutSeconds")),
  };
  checkMatch(options);
  return options;
}

/** Go's reading of a boolean query parameter: present and not `false` or `0`. */
function isTrue(value: string | null): boolean {
  return value !== null && value !== "false" && value !== "0" && value !== "";
}

/** @throws ApiRefusal 400 */
export function parseVersion(text: string): bigint | undefined {
  if (text === "") return undefined;
  if (!/^\d{1,20}$/.test(text)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: ` +
        `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return BigInt(text);
}

/** A watch refuses it without a reason, and as a fault of the server. @throws ApiRefusal 500 */
function parseWatchVersion(text: string): bigint | undefined {
  if (text === "" || /^\d{1,20}$/.test(text)) return text === "" ? undefined : BigInt(text);
  const shown = JSON.stringify(text);
  throw refusal(
    500,
    "",
    `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`,
  );
}

function parseWholeNumber(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (!/^[-+]?\d{1,18}$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

function checkMatch(options: ListOptions): void {
  // A watch from the start is a streaming list inside the server, and those do not go on from a page.
  const isFromStart = options.version === undefined || options.version === 0n;
  if (options.isWatch && options.continueToken !== "" && isFromStart) {
    throw forbiddenOption("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  }
  if (options.sendInitialEvents !== undefined) {
    if (!options.isWatch) throw forbiddenOption("sendInitialEvents", "sendInitialEvents is forbidden for list");
    if (options.match !== "NotOlderThan") {
      throw forbiddenOption(
        "resourceVersionMatch",
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
      );
    }
    return;
  }
  if (options.match === "") return;
  if (options.isWatch) {
    throw forbiddenOption(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    );
  }
  if (options.continueToken !== "") {
    throw forbiddenOption("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  }
  if (options.version === undefined) {
    throw forbiddenOption(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden unless resourceVersion is provided",
    );
  }
  if (options.match !== "Exact" && options.match !== "NotOlderThan") {
    const message = `Unsupported value: ${JSON.stringify(options.match)}: supported values: "Exact", "NotOlderThan", ""`;
    throw invalidOption("FieldValueNotSupported", "resourceVersionMatch", message);
  }
  if (options.match === "Exact" && options.version === 0n) {
    throw forbiddenOption("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
}

function forbiddenOption(field: string, why: string): Error {
  return invalidOption("FieldValueForbidden", field, `Forbidden: ${why}`);
}

function invalidOption(reason: string, field: string, message: string): Error {
  return invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", [{ reason, message, field }]);
}
