import type * as Yaml from "yaml";
import type * as Gunzip from "./gunzip-body.ts";
import type * as JsonStreams from "./json-streams.ts";
import type * as ProtobufStreams from "./protobuf/protobuf-streams.ts";
import type * as TableDecoder from "./protobuf/table-decoder.ts";
import type * as StreamedLists from "./streamed-lists.ts";
import type * as VersionProbe from "./version-probe.ts";
import type * as Warnings from "./warning-log.ts";

/** The YAML parser: a JSON kubeconfig and a pod's service account never need it. */
export const loadYaml = (): Promise<typeof Yaml> => import("yaml");

/** Lists and watches in JSON: built-in kinds travel as protobuf. */
export const loadJsonStreams = (): Promise<typeof JsonStreams> => import("./json-streams.ts");

/** Lists and watches in protobuf: custom resources travel as JSON. */
export const loadProtobufStreams = (): Promise<typeof ProtobufStreams> => import("./protobuf/protobuf-streams.ts");

/** The decoder driven by the field table (0.4 MB with the table), for projections without one written at build time. */
export const loadTableDecoder = (): Promise<typeof TableDecoder> => import("./protobuf/table-decoder.ts");

/** Streaming lists, for informers that ask for them (`listMode`). */
export const loadStreamedLists = (): Promise<typeof StreamedLists> => import("./streamed-lists.ts");

/** Watches that show nothing: the server sends a bookmark every minute. */
export const loadVersionProbe = (): Promise<typeof VersionProbe> => import("./version-probe.ts");

/** Warnings of the API server: rare. */
export const loadWarningLog = (): Promise<typeof Warnings> => import("./warning-log.ts");

/** Inflating, and with it node:zlib (0.44 MB): only answers that were asked for compressed, or that a proxy compressed. */
export const loadGunzipBody = (): Promise<typeof Gunzip> => import("./gunzip-body.ts");
