import type * as GzipReader from "./gzip-reader.ts";

/**
 * Decompression, for rotated files that were compressed while nobody read them: off by default in Tetragon, so most
 * processes never need it.
 */
export const loadGzipReader = (): Promise<typeof GzipReader> => import("./gzip-reader.ts");
