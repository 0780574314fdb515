import { openTempDir, type TempDir } from "@kinglet/testing";

export const folder: TempDir = await openTempDir();
process.once("beforeExit", () => void folder[Symbol.asyncDispose]());
export const alerts: readonly string[] = ["curl"];
