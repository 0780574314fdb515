// Run as a program by the build: `node record-caches.cjs FLAGS FOLDER MAIN INVOKED-AS ARGUMENTS…` runs the program from the texts of its parts and, on SIGHUP,
// writes what V8 has compiled of each by then. Without INVOKED-AS it compiles every part and runs none.
const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { setFlagsFromString } = require("node:v8");
const { Script } = require("node:vm");

const [, , flags, folder, main, ...argv] = process.argv;
for (const flag of JSON.parse(flags)) setFlagsFromString(flag);

const scripts = new Map();
function compile(name) {
  const script = new Script(readFileSync(join(folder, name), "latin1"), { filename: `./${name}` });
  scripts.set(name, script);
  return script;
}
function write() {
  for (const [name, script] of scripts)
    writeFileSync(join(folder, name.replace(/\.cjs$/, ".cache")), script.createCachedData());
}
function load(id) {
  if (!id.startsWith("./kinglet.")) return require(id);
  const part = { exports: {} };
  compile(id.slice(2)).runInThisContext()(part.exports, load, part, __filename, __dirname);
  return part.exports;
}

if (argv.length === 0) {
  for (const name of readdirSync(folder).filter((file) => /^kinglet\..+\.cjs$/.test(file))) compile(name);
  write();
} else {
  process.on("SIGHUP", () => {
    write();
    process.exit(0);
  });
  process.argv = [process.execPath, ...argv];
  const text = readFileSync(main, "latin1").replace(/^#!.*\n/, "");
  const run = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`);
  run.runInThisContext()({}, load, {}, __filename, __dirname);
}
