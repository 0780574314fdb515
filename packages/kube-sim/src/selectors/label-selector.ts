import { badRequest } from "../refusals/refusals.ts";

/** One condition of a label selector. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: "in" | "notin" | "exists" | "absent" | "gt" | "lt";
  readonly values: readonly string[];
}

const KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;
const END = "";

/**
 * Parses equality and set syntax (`a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`).
 *
 * @returns conditions that must all hold; none for an empty selector.
 * @throws ApiRefusal 400 with the API's wording.
 */
export function parseLabelSelector(text: string): readonly LabelRequirement[] {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  let at = 0;
  const peek = (): string => tokens[at] ?? END;
  const next = (): string => tokens[at++] ?? END;
  if (peek() === END) return requirements;
  for (;;) {
    requirements.push(parseRequirement(peek, next));
    const separator = next();
    if (separator === END) return requirements;
    if (separator !== ",") throw badRequest(`found '${separator}', expected: ',' or 'end of string'`);
    if (peek() !== "!" && !isWord(peek())) throw badRequest(`found '${peek()}', expected: identifier after ','`);
  }
}

/** True when the labels satisfy every condition. */
export function matchesLabels(
  requirements: readonly LabelRequirement[],
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  for (const requirement of requirements) if (!holds(requirement, labels)) return false;
  return true;
}

function holds(requirement: LabelRequirement, labels: Readonly<Record<string, string>> | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
    case "in":
      return value !== undefined && requirement.values.includes(value);
    case "notin":
      return value === undefined || !requirement.values.includes(value);
    case "gt":
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(requirement.values[0]);
    default:
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(requirement.values[0]);
  }
}

function parseRequirement(peek: () => string, next: () => string): LabelRequirement {
  const isNegated = peek() === "!";
  if (isNegated) next();
  const key = next();
  if (!isWord(key)) throw unparsable(`found '${key}', expected: identifier`);
  if (!KEY.test(key)) throw unparsable(`key: Invalid value: ${JSON.stringify(key)}: name part must be valid`);
  if (isNegated) return { key, operator: "absent", values: [] };
  if (peek() === END || peek() === ",") return { key, operator: "exists", values: [] };
  const operator = next();
  switch (operator) {
    case "=":
    case "==":
      return { key, operator: "in", values: [checked(key, readOneValue(peek, next))] };
    case "!=":
      return { key, operator: "notin", values: [checked(key, readOneValue(peek, next))] };
    case "in":
    case "notin":
      return { key, operator, values: readValueList(peek, next).map((value) => checked(key, value)) };
    case ">":
    case "<":
      return { key, operator: operator === ">" ? "gt" : "lt", values: [wholeNumber(readOneValue(peek, next))] };
    default:
      throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function readOneValue(peek: () => string, next: () => string): string {
  if (peek() === END || peek() === ",") return "";
  const value = next();
  if (!isWord(value)) throw unparsable(`found '${value}', expected: identifier`);
  return value;
}

function readValueList(peek: () => string, next: () => string): string[] {
  const open = next();
  if (open !== "(") throw unparsable(`found '${open}' expected: '('`);
  const values: string[] = [];
  let isValueExpected = true;
  for (;;) {
    const token = next();
    if (token === ")") {
      if (isValueExpected) values.push("");
      return values;
    }
    if (token === ",") {
      if (isValueExpected) values.push("");
      isValueExpected = true;
    } else if (isWord(token) && isValueExpected) {
      values.push(token);
      isValueExpected = false;
    } else {
      throw unparsable(`found '${token}', expected: ',', ')' or identifier`);
    }
    if (peek() === END) throw unparsable("found '', expected: ',', or ')'");
  }
}

function checked(key: string, value: string): string {
  if (VALUE.test(value)) return value;
  throw unparsable(
    `values[0][${key}]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of ` +
      "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
      "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
      "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  );
}

function wholeNumber(value: string): string {
  if (/^-?\d+$/.test(value)) return value;
  throw unparsable(
    `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
  );
}

function unparsable(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`);
}

function isWord(token: string): boolean {
  return token !== END && !/^[!=<>(),]+$/.test(token);
}

function tokenize(text: string): string[] {
  return text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? [];
}
