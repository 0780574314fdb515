import { applets } from "../src/applets.ts";

/** The program's own name, and that of the bundle that chooses the applet. */
export const programFile = "kinglet.cjs";

/** Name of the bundle that holds an applet and nothing of the others. */
export function appletFile(applet: string): string {
  return `kinglet.${applet}.cjs`;
}

/** Names of all applets' bundles. */
export const appletFiles: readonly string[] = applets.map(({ name }) => appletFile(name));

/** Source of an applet, from the program's folder. */
export function appletEntry(applet: string): string {
  return `src/applets/${applet}/applet.ts`;
}

/** Name of V8's code cache of a bundle, as an asset of the executable. */
export function cacheFile(bundleFile: string): string {
  return bundleFile.replace(/\.cjs$/, ".cache");
}
