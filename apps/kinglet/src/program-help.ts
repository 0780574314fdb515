import type { AppletEntry } from "./applets.ts";

/**
 * The text of `kinglet --help`.
 *
 * @public
 */
export function programHelp(entries: readonly AppletEntry[], version: string): string {
  const width = Math.max(...entries.map((entry) => entry.name.length));
  const rows = entries.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`);
  return `kinglet ${version}: Kubernetes workload security in one small binary

Usage:
  kinglet APPLET [ARGUMENT ...]    run an applet
  APPLET [ARGUMENT ...]            the same, called through a link of that name
  kinglet APPLET --help            what an applet does and every setting it has

Applets:
${rows.join("\n")}

Options:
  --list                     the applets' names, one per line
  --install [--relative] DIR make a link per applet in DIR; never overwrites what is not its own link
  --version                  print the version
  --help                     print this text
`;
}
