import { sleep as wait } from "@kinglet/lifecycle";

export const sleep: typeof wait = wait;

export const cause: unknown = new Error("full");
export const stderr: NodeJS.WriteStream = process.stderr;

/** Never fires: the example waits a second. */
export const signal: AbortSignal = new AbortController().signal;
