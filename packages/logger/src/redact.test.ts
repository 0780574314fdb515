import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSecretName, redact } from "./redact.ts";

const hidden: readonly (readonly [string, string])[] = [
  ["mysql --password hunter2 -h db", "mysql --password [redacted] -h db"],
  ["mysql --password=hunter2 -h db", "mysql --password=[redacted] -h db"],
  ['["--password","hunter2"]', '["--password","[redacted]"]'],
  ["env DB_PASSWORD=hunter2 run", "env DB_PASSWORD=[redacted] run"],
  ["env PGPASSWORD='a b' run", "env PGPASSWORD='[redacted]' run"],
  ['{"apiKey":"abc","x":1}', '{"apiKey":"[redacted]","x":1}'],
  ['{"secret": "a\\"b", "x":1}', '{"secret": "[redacted]", "x":1}'],
  ["Authorization: Bearer abcdefgh", "Authorization: [redacted]"],
  ["curl -H Authorization: Basic dTpw http://x", "curl -H Authorization: [redacted] http://x"],
  ["got bearer abcdefghij back", "got bearer [redacted] back"],
  ["https://user:pass@host/path", "https://user:[redacted]@host/path"],
  ["https://user:p@ss@host/path", "https://user:[redacted]@host/path"],
  ["https://ghp_token@github.com/x", "https://[redacted]@github.com/x"],
  ["GET /x?token=abc&page=2", "GET /x?token=[redacted]&page=2"],
  ["GET /x?access_token=abc&page=2", "GET /x?access_token=[redacted]&page=2"],
  ["curl -u bob:s3cret http://x", "curl -u bob:[redacted] http://x"],
  ["key eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc end", "key [redacted] end"],
  ["push glpat-abcdefghijklmnopqrst", "push [redacted]"],
  ["Cookie: a=b; c=d", "Cookie: [redacted]"],
  ["-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- tail", "[redacted] tail"],
  ["-----BEGIN PRIVATE KEY-----\nabc", "[redacted]"],
];

const kept: readonly string[] = [
  "cannot read token file /var/run/token: ENOENT",
  "--token-file /var/run/token --verbose",
  "secretName: registry",
  "secretRef=registry",
  "the token expired",
  "--password --verbose",
  "http://host:8080/path?x=1",
  "docker run -u 1000:1000 image",
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "/usr/bin/passwd root",
  "",
];

describe("redact", () => {
  it.each(hidden)("[logger redaction] hides the secret in %j", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each(kept)("[logger redaction] keeps %j", (text) => {
    expect(redact(text)).toBe(text);
  });

  it("is idempotent and never throws", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom(
        "--password",
        "=",
        " ",
        "token",
        ":",
        '"',
        "'",
        "://",
        "@",
        "Bearer ",
        "authorization",
        "\n",
        "&",
        "?",
        "-u ",
      ),
      fc.constantFrom(
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----END",
        "eyJabcdefghijklmnopqrstu.",
        "cookie",
        "[redacted]",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const once = redact(pieces.join(""));
        expect(redact(once)).toBe(once);
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it("[logger redaction] finds in a text alone what it finds behind a line that has it look closely", () => {
    const pieces = [
      ...[
        "-",
        "token",
        "cookie",
        "bearer",
        "BEARER",
        "secret",
        "authorization",
        "abcdefgh",
        " ",
        ":",
        "=",
        "@",
        "//",
        ",",
      ],
      ...["-u", "--user", "-----BEGIN RSA PRIVATE KEY-----", "AKIAABCDEFGHIJKLMNOP"],
    ];
    let texts = [""];
    let changed = 0;
    for (let length = 1; length <= 4; length++) {
      texts = texts.flatMap((text) => pieces.map((piece) => text + piece));
      for (const text of texts) {
        const safe = redact(text);
        if (safe !== text) changed++;
        if (redact(`:=\n${text}`) !== `:=\n${safe}`) expect(redact(`:=\n${text}`)).toBe(`:=\n${safe}`);
      }
    }
    expect(changed).toBeGreaterThan(5_000);
  });

  it("[logger redaction] is linear: work on hostile text grows with its length only", () => {
    // Twenty times a hostile pattern per kilobyte; a quadratic scan of 2 MB would need minutes and hit the test's time limit.
    for (const pattern of [
      "://",
      "a@",
      "--password ",
      'token"',
      "eyJ-",
      "-----BEGIN PRIVATE KEY-----",
      "-u a:",
      "cookie",
      "secret-",
    ]) {
      expect(redact(pattern.repeat(2_000_000 / pattern.length)).length).toBeGreaterThan(0);
    }
  });
});

describe("isSecretName", () => {
  it.each(["password", "apiToken", "client_secret", "DB_PASSWORD", "authorization", "--api-key"])(
    "is true for %s",
    (name) => {
      expect(isSecretName(name)).toBe(true);
    },
  );

  it.each(["tokenFile", "secretName", "name", "path", "tokens", "token_ttl"])("is false for %s", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});
