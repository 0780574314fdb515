// Put before the program's bundle in the single executable only: there a file beside it is an asset, not a file on disk.
// oxlint-disable-next-line eslint/no-global-assign -- the bundle calls this name; there is no other seam
require = ((inner) => (id) => {
  if (!id.startsWith("./kinglet.")) return inner(id);
  const sea = inner("node:sea");
  const name = id.slice(2);
  // Not copied: it lies in the executable's own pages.
  const cachedData = Buffer.from(sea.getRawAsset(name.replace(/\.cjs$/, ".cache")));
  const text = Buffer.from(sea.getRawAsset(name)).latin1Slice();
  const part = { exports: {} };
  const script = new (inner("node:vm").Script)(text, { filename: id, cachedData });
  if (script.cachedDataRejected === true) process.emitWarning("Code cache data rejected.");
  script.runInThisContext()(part.exports, require, part, __filename, __dirname);
  return part.exports;
})(require);
