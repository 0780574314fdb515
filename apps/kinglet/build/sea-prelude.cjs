// Put before the program's bundle in the single executable only: there a file beside it is an asset, not a file on disk.
// oxlint-disable-next-line eslint/no-global-assign -- the bundle calls this name; there is no other seam
require = ((inner) => {
  let isBegun = false;
  let held = [];
  let setFlag;
  const setAll = (flags) => {
    for (const flag of flags) setFlag(flag);
  };
  const opposite = (flag) => (flag.startsWith("--no-") ? `--${flag.slice(5)}` : `--no-${flag.slice(2)}`);
  const hold = (flags) => {
    setAll(held.map(opposite));
    held = flags;
    setAll(held);
  };
  const partsOf = (...names) => {
    // Not copied, and not kept: it lies in the executable's own pages, but counts as memory outside the heap for as long as it is referred to.
    const bytes = Buffer.from(inner("node:sea").getRawAsset("kinglet.parts"));
    const start = 8 + Number(bytes.latin1Slice(0, 8));
    const places = JSON.parse(bytes.latin1Slice(8, start));
    return names.map((name) => {
      const [offset, length] = places[name];
      return bytes.subarray(start + offset, start + offset + length);
    });
  };
  // The applet is the first part. From then on the flags of the parts hold; under them V8 refuses what Node compiled of its own modules, so what a program that
  // serves needs of those is loaded before.
  const begin = (name) => {
    isBegun = true;
    setFlag = inner("node:v8").setFlagsFromString;
    if (/\.(?:sensor|\w+-controller)\.cjs$/.test(name) && process.argv.at(-1) !== "work") {
      held = START_FLAGS;
      const isSensor = name.includes("sensor");
      // oxlint-disable-next-line eslint/no-restricted-globals -- nothing of the product is loaded yet, so there is no clock to ask
      const calm = setTimeout(() => hold(isSensor ? CALM_FLAGS : []), START_MS).unref();
      if (isSensor) {
        process.once("kinglet:busy", () => {
          clearTimeout(calm);
          hold(BUSY_FLAGS);
        });
      }
      inner("node:http");
      inner("node:tls");
      if (name.includes("admission")) inner("node:https");
    }
    inner("node:vm");
    setAll(PART_FLAGS);
  };
  // While a program that serves starts, nothing is optimised: what is called often enough by then is not called again, and the first function that is optimised
  // brings 5.5 MB of V8's own code into memory; in a sensor that stays so until many events come. V8 compares the flags when it takes a cache: they are as ever
  // for that moment.
  return (id) => {
    if (!id.startsWith("./kinglet.")) return inner(id);
    const name = id.slice(2);
    if (!isBegun) begin(name);
    const [text, cachedData] = partsOf(name, name.replace(/\.cjs$/, ".cache"));
    const part = { exports: {} };
    setAll(held.map(opposite));
    const script = new (inner("node:vm").Script)(text.latin1Slice(), { filename: id, cachedData });
    setAll(held);
    if (script.cachedDataRejected === true) process.emitWarning("Code cache data rejected.");
    script.runInThisContext()(part.exports, require, part, __filename, __dirname);
    return part.exports;
  };
})(require);
