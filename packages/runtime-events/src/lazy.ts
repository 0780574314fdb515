import type * as GzipReader from "./gzip-reader.ts";
import type * as DecodeActivity from "./tetragon/decode-activity.ts";
import type * as ThrottleTimes from "./throttle-times.ts";

/**
 * Decompression, for rotated files that were compressed while nobody read them: off by default in Tetragon, so most
 * processes never need it.
 */
export const loadGzipReader = (): Promise<typeof GzipReader> => import("./gzip-reader.ts");

/** What hooks of policies tell, for those who ask for more than executions. */
export const loadDecodeActivity = (): Promise<typeof DecodeActivity> => import("./tetragon/decode-activity.ts");

/** Only where Tetragon is told to leave out cgroups that execute too much, which is off by default. */
export const loadThrottleTimes = (): Promise<typeof ThrottleTimes> => import("./throttle-times.ts");
