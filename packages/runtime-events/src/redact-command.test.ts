import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactArguments } from "./redact-command.ts";

describe("redactArguments", () => {
  it.each<[readonly string[], readonly string[]]>([
    [
      ["mysql", "--password", "hunter2", "-h", "db"],
      ["mysql", "--password", "[redacted]", "-h", "db"],
    ],
    [
      ["mysql", "--password=hunter 2"],
      ["mysql", "--password=[redacted]"],
    ],
    [
      ["env", "PGPASSWORD=x", "psql"],
      ["env", "PGPASSWORD=[redacted]", "psql"],
    ],
    [
      ["git", "clone", "https://bob:s3cret@host/x"],
      ["git", "clone", "https://bob:[redacted]@host/x"],
    ],
    [
      ["curl", "-H", "Authorization: Bearer abcdefgh"],
      ["curl", "-H", "Authorization: [redacted]"],
    ],
    [
      ["curl", "-u", "bob:s3cret", "http://x"],
      ["curl", "-u", "bob:[redacted]", "http://x"],
    ],
    [
      ["sh", "-c", "mysql --password=x -e 1"],
      ["sh", "-c", "mysql --password=[redacted] -e 1"],
    ],
  ])("takes the secret out of %j [events redaction]", (argv, safe) => {
    expect(redactArguments(argv)).toEqual(safe);
  });

  it.each<[readonly string[]]>([
    [["cat", "/etc/passwd"]],
    [["app", "--token-file", "/run/token"]],
    [["app", "--password", "--verbose"]],
    [["docker", "run", "-u", "1000:1000"]],
    [[]],
  ])("leaves %j as it is [events redaction]", (argv) => {
    expect(redactArguments(argv)).toBe(argv);
  });

  it("never loses or adds an argument, and changes nothing a second time [events redaction]", () => {
    const arg = fc.oneof(
      fc.string(),
      fc.constantFrom("--password", "-u", "a:b", "token=x", "http://u:p@h", "--api-key"),
    );
    fc.assert(
      fc.property(fc.array(arg, { maxLength: 8 }), (argv) => {
        const once = redactArguments(argv);
        expect(once).toHaveLength(argv.length);
        expect(redactArguments(once)).toEqual(once);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
