// pnpm bench [PACKAGE | SUBJECT ...]: the benchmarks of some packages, or of all. A subject is the name of benchmarks inside a package: `pnpm bench policies`
// runs bench/policies.bench.ts and bench/**/policies.ts of the package that has them. First those that vitest runs, then the programs that the package
// names under "bench" in its package.json, one after another: each prints what it measured and how to run it alone.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "..");
const rooms = ["packages", "apps"].flatMap((room) =>
  readdirSync(join(root, room)).map((name) => ({ name, folder: join(root, room, name) })),
);
const known = rooms.filter(({ folder }) => existsSync(join(folder, "bench")));
const wanted = process.argv.slice(2);
const subjectsOf = ({ folder }) =>
  readdirSync(join(folder, "bench"), { recursive: true }).map((file) =>
    basename(file).replace(/(?:\.bench)?\.ts$/, ""),
  );
/** A room with the subject that is asked for; without one, all of its benchmarks. */
const chosen = wanted.flatMap((name) => {
  const room = known.find((one) => one.name === name);
  if (room !== undefined) return [room];
  return known
    .filter((one) => subjectsOf(one).includes(name))
    .map((one) => ({ name: one.name, folder: one.folder, subject: name }));
});
const unknown = wanted.filter((name) => !chosen.some((room) => room.name === name || room.subject === name));
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

for (const { name, folder, subject } of wanted.length === 0 ? known : chosen) {
  console.log(`\n== ${subject === undefined ? name : `${name}: ${subject}`}`);
  const suites = readdirSync(join(folder, "bench")).filter((file) => file.endsWith(".bench.ts"));
  if (subject === undefined ? suites.length > 0 : suites.includes(`${subject}.bench.ts`))
    run(`vitest bench --run ${subject === undefined ? folder : join(folder, "bench", `${subject}.bench.ts`)}`, root);
  for (const program of JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).benchmarks ?? [])
    if (subject === undefined || program.endsWith(`/${subject}.ts`)) run(program, folder);
}
