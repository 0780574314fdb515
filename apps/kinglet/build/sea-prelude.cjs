// Put before the bundle in the single executable only: there a file beside the bundle is an asset, not a file on disk.
// oxlint-disable-next-line eslint/no-global-assign -- the bundle calls this name; there is no other seam
require = ((inner) => (id) => {
  if (!id.startsWith("./kinglet.")) return inner(id);
  const part = { exports: {} };
  const source = inner("node:sea").getAsset(id.slice(2), "utf8");
  const wrap = new (inner("node:vm").Script)(
    `(function (exports, require, module, __filename, __dirname) {${source}\n})`,
    { filename: id },
  );
  wrap.runInThisContext()(part.exports, require, part, __filename, __dirname);
  return part.exports;
})(require);
