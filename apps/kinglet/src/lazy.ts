import type * as InstallLinks from "./install-links.ts";

/** `--install` is used once per machine: its file-system code stays out of every applet's start. */
export const loadInstallLinks = (): Promise<typeof InstallLinks> => import("./install-links.ts");
