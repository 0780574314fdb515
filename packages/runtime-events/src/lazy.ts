import type * as GzipReader from "./gzip-reader.ts";
import type * as DecodeActivity from "./tetragon/decode-activity.ts";
import type * as TetragonLines from "./tetragon-lines.ts";

/**
 * Decompression, for rotated files that were compressed while nobody read them: off by default in Tetragon, so most
 * processes never need it.
 */
export const loadGzipReader = (): Promise<typeof GzipReader> => import("./gzip-reader.ts");

/** What hooks of policies tell, for those who ask for more than executions. */
export const loadDecodeActivity = (): Promise<typeof DecodeActivity> => import("./tetragon/decode-activity.ts");

/** What the lines of Tetragon's export file mean: needed with the first of them. */
export const loadTetragonLines = (): Promise<typeof TetragonLines> => import("./tetragon-lines.ts");
