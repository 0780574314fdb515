import type { Exchange } from "../requests/exchange.ts";

const TITLE = "Kubernetes";
const VERSION = "v1.36.3";
/** What is asked for has an `@` where this has a dot: no parser of media types would take that in an answer. */
const PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/**
 * Answers `/openapi/v2` with a document that describes nothing. Every kubectl asks for it before it sends a `List`, and the old ones before
 * anything else: they go on without checking fields themselves, and the server checks them as ever.
 */
export function answerOpenApiV2(exchange: Exchange): void {
  if ((exchange.request.headers.accept ?? "").includes("com.github.proto-openapi")) {
    exchange.sendText(200, PROTOBUF, emptyDocument());
    return;
  }
  const info = { title: TITLE, version: VERSION };
  exchange.sendText(200, "application/json", JSON.stringify({ swagger: "2.0", info, paths: {}, definitions: {} }));
}

/** `openapi.v2.Document`: field 1 is the version of the format, 2 the info (1 title, 2 version), 8 the paths, 9 the definitions. */
function emptyDocument(): Buffer {
  return Buffer.concat([
    field(1, Buffer.from("2.0")),
    field(2, Buffer.concat([field(1, Buffer.from(TITLE)), field(2, Buffer.from(VERSION))])),
    field(8, Buffer.alloc(0)),
    field(9, Buffer.alloc(0)),
  ]);
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
