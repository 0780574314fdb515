// Put before the program's bundle in the single executable only: there a file beside it is an asset, not a file on disk.
// oxlint-disable-next-line eslint/no-global-assign -- the bundle calls this name; there is no other seam
require = ((inner) => {
  let parts;
  const partOf = (name) => {
    if (parts === undefined) {
      // Not copied: it lies in the executable's own pages.
      const bytes = Buffer.from(inner("node:sea").getRawAsset("kinglet.parts"));
      const start = 8 + Number(bytes.latin1Slice(0, 8));
      parts = { bytes, start, places: JSON.parse(bytes.latin1Slice(8, start)) };
    }
    const [offset, length] = parts.places[name];
    return parts.bytes.subarray(parts.start + offset, parts.start + offset + length);
  };
  return (id) => {
    if (!id.startsWith("./kinglet.")) return inner(id);
    const name = id.slice(2);
    const cachedData = partOf(name.replace(/\.cjs$/, ".cache"));
    const text = partOf(name).latin1Slice();
    const part = { exports: {} };
    const script = new (inner("node:vm").Script)(text, { filename: id, cachedData });
    if (script.cachedDataRejected === true) process.emitWarning("Code cache data rejected.");
    script.runInThisContext()(part.exports, require, part, __filename, __dirname);
    return part.exports;
  };
})(require);
