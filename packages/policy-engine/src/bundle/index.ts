export {
  bundleName,
  documentName,
  maxContentBytes,
  maxDocumentBytes,
  maxPieces,
  maxPlainBytes,
  pieceKey,
  type BundleContent,
  type BundleDocument,
  type BundleEncoding,
  type BundleIndex,
  type BundleObject,
} from "./bundle-document.ts";
export { decodeBundle, readBundleIndex } from "./decode-bundle.ts";
export { encodeBundle, type EncodedBundle } from "./encode-bundle.ts";
export { bundleErrors, type BundleErrorCode } from "./errors.ts";
export { packBundle, unpackBundle } from "./packed-bundle.ts";
