import { isBuiltin } from "node:module";
import { build, type Plugin } from "esbuild";

/**
 * The code that runs when a module is imported and nothing of it is used: empty for a pure module.
 *
 * The module is bundled behind a bare `import`, with every claim of purity (annotations, `sideEffects`) ignored: what the bundler cannot
 * drop is what runs. Node's own modules and third-party packages are left out: their price is gated per applet, by the heap budget.
 *
 * @param entry - absolute path of the module.
 * @param workspace - packages to follow into, by name; everything else that is not a relative path stays outside.
 */
export async function codeAtImport(entry: string, workspace: ReadonlyMap<string, string> = new Map()): Promise<string> {
  const result = await build({
    stdin: { contents: `import ${JSON.stringify(entry)};`, resolveDir: "/", loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node24",
    ignoreAnnotations: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [outside(workspace)],
  });
  const text = result.outputFiles[0]?.text ?? "";
  return text.replace(/^\s*\/\/.*$/gm, "").trim();
}

function outside(workspace: ReadonlyMap<string, string>): Plugin {
  return {
    name: "outside",
    setup(context) {
      // What is behind a dynamic import does not run at import: without this the bundler leaves its scaffolding for it.
      context.onResolve({ filter: /.*/ }, ({ path, kind }) =>
        kind === "dynamic-import" ? { path, external: true, sideEffects: false } : undefined,
      );
      context.onResolve({ filter: /^[^./]/ }, ({ path }) => {
        const inside = workspace.get(path);
        if (inside !== undefined) return { path: inside };
        return { path: isBuiltin(path) ? path : `npm:${path}`, external: true, sideEffects: false };
      });
    },
  };
}
