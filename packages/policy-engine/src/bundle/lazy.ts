import type * as Crypto from "node:crypto";
import type * as Zlib from "node:zlib";

/** Compression is needed when a bundle is read or written, not before: 90 KB of heap (Node 26.10). */
export const loadZlib = (): Promise<typeof Zlib> => import("node:zlib");

/** Hashes; nothing where TLS is loaded, 0.6 MB of heap elsewhere (Node 26.10). */
export const loadCrypto = (): Promise<typeof Crypto> => import("node:crypto");
