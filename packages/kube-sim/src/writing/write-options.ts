import type { StatusCause } from "../refusals/api-refusal.ts";
import { invalid } from "../refusals/refusals.ts";
import type { FieldValidation } from "../decoding/field-validation.ts";

const MAX_MANAGER_BYTES = 128;
const DIRECTIVES: readonly string[] = ["", "Ignore", "Strict", "Warn"];

/** The options of a write, from its query. */
export interface WriteOptions {
  readonly isDryRun: boolean;
  /** "" when the request names none. */
  readonly fieldManager: string;
  readonly directive: FieldValidation["directive"];
  /** Server-side apply takes over what others own. */
  readonly isForced: boolean;
}

/**
 * Reads and checks the options of a create, update or patch.
 *
 * @param kind - of the options, for the message.
 * @param isApply - for a patch: whether it is a server-side apply.
 * @throws ApiRefusal 422 with every option that is wrong
 */
export function parseWriteOptions(
  query: URLSearchParams,
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
  isApply?: boolean,
): WriteOptions {
  const fieldManager = query.get("fieldManager") ?? "";
  const fieldValidation = query.get("fieldValidation") ?? "";
  const force = query.get("force");
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  const causes: StatusCause[] = [];
  if (isApply === true && fieldManager === "") {
    const message = "Required value: is required for apply patch";
    causes.push({ reason: "FieldValueRequired", message, field: "fieldManager" });
  } else if (isApply === false && force !== null) {
    const message = "Forbidden: may not be specified for non-apply patch";
    causes.push({ reason: "FieldValueForbidden", message, field: "force" });
  }
  causes.push(...managerProblems(fieldManager));
  if (dryRun.some((value) => value !== "All")) {
    const message = `Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`;
    causes.push({ reason: "FieldValueNotSupported", message, field: "dryRun" });
  }
  if (!DIRECTIVES.includes(fieldValidation)) {
    const supported = DIRECTIVES.map((value) => JSON.stringify(value)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(fieldValidation)}: supported values: ${supported}`;
    causes.push({ reason: "FieldValueNotSupported", message, field: "fieldValidation" });
  }
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind }, "", causes);
  return {
    isDryRun: dryRun.length > 0,
    fieldManager,
    directive: fieldValidation === "" ? "Warn" : (fieldValidation as FieldValidation["directive"]),
    isForced: force !== null && force !== "false" && force !== "0",
  };
}

/** The manager a request without one writes as: what its user agent calls itself. */
export function managerOfUserAgent(userAgent: string): string {
  const [name = ""] = userAgent.split("/");
  let result = "";
  for (const character of name) {
    if (isUnprintable(character)) continue;
    if (Buffer.byteLength(result + character) > MAX_MANAGER_BYTES) break;
    result += character;
  }
  return result;
}

function managerProblems(manager: string): StatusCause[] {
  const problems: StatusCause[] = [];
  if (Buffer.byteLength(manager) > MAX_MANAGER_BYTES) {
    const message = `Too long: may not be more than ${MAX_MANAGER_BYTES} bytes`;
    problems.push({ reason: "FieldValueTooLong", message, field: "fieldManager" });
  }
  let at = 0;
  for (const character of manager) {
    if (isUnprintable(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      const message = `Invalid value: ${JSON.stringify(manager)}: invalid character U+${code} (at position ${at})`;
      problems.push({ reason: "FieldValueInvalid", message, field: "fieldManager" });
    }
    at += Buffer.byteLength(character);
  }
  return problems;
}

function isUnprintable(character: string): boolean {
  return character !== " " && /[\p{C}\p{Z}]/u.test(character);
}
