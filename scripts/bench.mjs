// pnpm bench [PACKAGE ...]: the benchmarks of some packages, or of all. First those that vitest runs, then the programs that the package
// names under "bench" in its package.json, one after another: each prints what it measured and how to run it alone.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const rooms = ["packages", "apps"].flatMap((room) =>
  readdirSync(join(root, room)).map((name) => ({ name, folder: join(root, room, name) })),
);
const known = rooms.filter(({ folder }) => existsSync(join(folder, "bench")));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.some((room) => room.name === name));
if (unknown.length > 0) {
  console.error(
    `no benchmarks in ${unknown.join(", ")}; there are some in ${known.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}

function run(command, folder) {
  console.log(`\n$ ${command}`);
  const { status } = spawnSync(command, { cwd: folder, shell: true, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}

for (const { name, folder } of known.filter((room) => wanted.length === 0 || wanted.includes(room.name))) {
  console.log(`\n== ${name}`);
  if (readdirSync(join(folder, "bench")).some((file) => file.endsWith(".bench.ts")))
    run(`vitest bench --run ${folder}`, root);
  for (const program of JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).benchmarks ?? [])
    run(program, folder);
}
