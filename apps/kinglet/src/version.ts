/** Put in by the bundler from the program's package.json. */
declare const KINGLET_VERSION: string | undefined;

/**
 * Version of this build; `0.0.0-source` when the program runs from its sources.
 *
 * @public
 */
export const version: string = typeof KINGLET_VERSION === "string" ? KINGLET_VERSION : "0.0.0-source";
