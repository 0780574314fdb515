// Run as a program by the build: `node record-caches.cjs FLAGS FOLDER MAIN INVOKED-AS ARGUMENTS…` runs the program from the texts of its parts and, when it
// logs that it is ready, writes what V8 has compiled of each by then and ends. Without INVOKED-AS it compiles every part and runs none.
const fs = require("node:fs");
const { readdirSync, readFileSync, writeFileSync } = fs;
const { join } = require("node:path");
const { setFlagsFromString } = require("node:v8");
const { Script } = require("node:vm");

const [, , flags, folder, main, ...argv] = process.argv;
for (const flag of JSON.parse(flags)) setFlagsFromString(flag);
// However slow the machine is: what a start compiled stays until it is written, and is no older than on a fast one.
setFlagsFromString("--no-flush-bytecode");

const scripts = new Map();
function compile(name) {
  const script = new Script(readFileSync(join(folder, name), "latin1"), { filename: `./${name}` });
  scripts.set(name, script);
  return script;
}
function write() {
  // As it is where the caches are read, or V8 refuses them.
  setFlagsFromString("--flush-bytecode");
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
  // In the moment itself, not when somebody who reads the line asks for it: how much was compiled by then would be chance.
  const print = fs.write;
  fs.write = (descriptor, bytes, ...rest) => {
    print(descriptor, bytes, ...rest);
    if (descriptor !== 2 || !bytes.includes('"msg":"ready"')) return;
    write();
    process.exit(0);
  };
  process.argv = [process.execPath, ...argv];
  const text = readFileSync(main, "latin1").replace(/^#!.*\n/, "");
  const run = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`);
  run.runInThisContext()({}, load, {}, __filename, __dirname);
}
