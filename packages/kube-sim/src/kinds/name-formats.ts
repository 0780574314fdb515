const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const PORT_NAME = /^[-a-z0-9]+$/;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end " +
  "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED_NAME_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const CONFIG_KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or " +
  "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** Which names a kind allows: RFC 1123 subdomain (the default) or label, RFC 1035 label, or any path segment. */
export type NameRule = "subdomain" | "label" | "label1035" | "segment";

/** Why a name is not allowed; undefined when it is. */
export function nameProblem(rule: NameRule | undefined, name: string): string | undefined {
  if (rule === "label") return labelProblem(name);
  if (rule === "label1035") return label1035Problem(name);
  if (rule === "segment") return segmentProblem(name);
  return subdomainProblem(name);
}

/** RFC 1123 subdomain, at most 253 bytes. */
export function subdomainProblem(name: string): string | undefined {
  if (name.length > 253) return "must be no more than 253 bytes";
  return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_TEXT;
}

/** RFC 1123 label, at most 63 bytes. */
export function labelProblem(name: string): string | undefined {
  if (name.length > 63) return "must be no more than 63 bytes";
  return LABEL.test(name) ? undefined : LABEL_TEXT;
}

/** RFC 1035 label: starts with a letter. */
export function label1035Problem(name: string): string | undefined {
  if (name.length > 63) return "must be no more than 63 bytes";
  return LABEL_1035.test(name) ? undefined : LABEL_1035_TEXT;
}

function segmentProblem(name: string): string | undefined {
  if (name === "." || name === "..") return `may not be '${name}'`;
  for (const character of ["/", "%"]) if (name.includes(character)) return `may not contain '${character}'`;
  return undefined;
}

export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return "must be no more than 63 bytes";
  return LABEL_VALUE.test(value) ? undefined : LABEL_VALUE_TEXT;
}

/** Everything wrong with a key of a label, a finalizer or a resource: `prefix/name`. */
export function qualifiedNameProblems(key: string): string[] {
  const parts = key.split("/");
  if (parts.length > 2) {
    return [
      `a qualified name ${QUALIFIED_NAME_TEXT.slice("name part ".length)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const problems: string[] = [];
  const name = parts[parts.length - 1] ?? "";
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    if (prefix === "") problems.push("prefix part must be non-empty");
    else {
      const why = subdomainProblem(prefix);
      if (why !== undefined) problems.push(`prefix part ${why}`);
    }
  }
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > 63) problems.push("name part must be no more than 63 bytes");
  if (!QUALIFIED_NAME.test(name)) problems.push(QUALIFIED_NAME_TEXT);
  return problems;
}

export function annotationKeyProblem(key: string): string | undefined {
  return qualifiedNameProblems(key.toLowerCase())[0];
}

/** A key of a ConfigMap or Secret. */
export function configKeyProblem(key: string): string | undefined {
  if (key.length > 253) return "must be no more than 253 bytes";
  if (key === ".") return "must not be '.'";
  if (key === "..") return "must not be '..'";
  if (key.startsWith("..")) return "must not start with '..'";
  return CONFIG_KEY.test(key) ? undefined : CONFIG_KEY_TEXT;
}

/** Everything wrong with the name of a port: at most 15 characters with a letter among them. */
export function portNameProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > 15) problems.push("must be no more than 15 characters");
  if (!PORT_NAME.test(name)) {
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(name)) problems.push("must contain at least one letter (a-z)");
  if (name.includes("--")) problems.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-")) problems.push("must not begin or end with a hyphen");
  return problems;
}
