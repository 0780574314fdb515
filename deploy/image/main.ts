import { parseArgs } from "node:util";
import { buildImage } from "./build-image.ts";

const HELP = `usage: scripts/image [--name NAME] [--sources DIR]

Builds the container image with buildah from what \`pnpm build\` left, and prints its name, id and size.

  --name NAME     default localhost/kinglet:VERSION
  --sources DIR   look here first for kinglet, LICENSE, THIRD-PARTY-NOTICES and sbom.spdx.json

STORAGE_DRIVER names the driver of the container store (default vfs); run the image with the same one:
  podman --storage-driver vfs run --rm NAME sensor --help
`;

const { values } = parseArgs({
  options: { name: { type: "string" }, sources: { type: "string" }, help: { type: "boolean", short: "h" } },
});
if (values.help === true) {
  process.stdout.write(HELP);
} else {
  try {
    const { name, sources } = values;
    // oxlint-disable-next-line node/no-process-env -- the program's own entry
    const image = buildImage(process.env, {
      ...(name === undefined ? {} : { name }),
      ...(sources === undefined ? {} : { sources }),
    });
    process.stdout.write(
      `image: ${image.name}\nid: ${image.id}\nsize: ${(image.bytes / 1e6).toFixed(1)} MB, ${image.libraries.length} shared libraries\napplets: ${image.applets.join(" ")}\n`,
    );
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    process.stderr.write(`image: ${error instanceof Error ? error.message : String(error)}\n${stderr ?? ""}`);
    process.exitCode = 1;
  }
}
