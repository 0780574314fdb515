import type * as Crypto from "node:crypto";
import type * as Zlib from "node:zlib";

/** Compression is needed for large bundles only: 0.23 MB of heap and 0.2 MB beside it (Node 26.10). */
export const loadZlib = (): Promise<typeof Zlib> => import("node:zlib");

/** Hashes; nothing where TLS is loaded, 0.6 MB of heap elsewhere (Node 26.10). */
export const loadCrypto = (): Promise<typeof Crypto> => import("node:crypto");
