import type * as Tty from "node:tty";
import type * as InstallLinks from "./install-links.ts";

/** `--install` is used once per machine: its file-system code stays out of every applet's start. */
export const loadInstallLinks = (): Promise<typeof InstallLinks> => import("./install-links.ts");

/** Needed only where standard output is a character device; 15 KB of heap otherwise (Node 26.10). */
export const loadTty = (): Promise<typeof Tty> => import("node:tty");
