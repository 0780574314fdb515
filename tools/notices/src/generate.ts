import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lockIntegrity } from "./lock-integrity.ts";
import { readComponent, readComponents, type BundleMetafile } from "./read-components.ts";
import { renderNotices } from "./render-notices.ts";
import { renderSbom } from "./render-sbom.ts";

/** Texts of the two generated files, from the bundle's metafile and the lock file. Linux and the pinned Node are needed for the Node licence. */
export async function generate(root: string): Promise<{ readonly notices: string; readonly sbom: string }> {
  const metafile = JSON.parse(
    await readFile(join(root, "apps/kinglet/dist/kinglet.meta.json"), "utf8"),
  ) as BundleMetafile;
  const product = JSON.parse(await readFile(join(root, "apps/kinglet/package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
  };
  const node = await readComponent(join(root, "node_modules", `node-linux-${process.arch}`));
  const integrity = lockIntegrity(await readFile(join(root, "pnpm-lock.yaml"), "utf8"));
  const components = [
    ...(await readComponents(root, metafile)),
    { ...node, name: "node", license: "MIT", licenseText: withoutNpm(node.licenseText) },
  ];
  const withNode = new Map([
    ...integrity,
    [`node@${node.version}`, integrity.get(`${node.name}@${node.version}`) ?? ""],
  ]);
  return { notices: renderNotices(components), sbom: renderSbom(product, components, withNode) };
}

/** Node's licence file also covers npm, which comes with Node's packages but is no part of the binary that we embed. */
function withoutNpm(text: string): string {
  return text
    .split(/^(?=- )/m)
    .filter((section) => !section.startsWith("- npm, located at deps/npm"))
    .join("");
}
