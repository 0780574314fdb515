const LABEL_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with " +
  "an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** Why a name is no DNS-1035 label; undefined when it is one. */
export function labelProblem(name: string): string | undefined {
  if (name.length > 63) return "must be no more than 63 bytes";
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) ? undefined : LABEL_TEXT;
}
