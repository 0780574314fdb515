/** The version of the format; a reader refuses any other. */
export const bundleFormat = "1";

/**
 * Name of the ConfigMap that holds the index and the first piece; the others are called `kinglet-policies-1`, `-2` ….
 *
 * @public
 */
export const bundleName = "kinglet-policies";

/** Largest size of one document's content as it travels (texts, and bytes in base64). @public */
export const maxDocumentBytes = 921_600;

/** Larger content is compressed. Below it, readers do without the decompressor: 0.45 MB of memory (Node 26.10). @public */
export const maxPlainBytes = 262_144;

/** Most pieces of a bundle: readers may name them all in their permissions. @public */
export const maxPieces = 16;

/** Largest size of a bundle before compression, bytes: bounds what a reader allocates. @public */
export const maxContentBytes = 67_108_864;

/**
 * What a bundle carries: whole custom resources, of metadata no more than name, namespace, uid and `kinglet.dev/…` annotations.
 *
 * @public
 */
export interface BundleContent {
  /** SecurityPolicy objects. */
  readonly policies: readonly BundleObject[];
  /** Rules objects. */
  readonly rules: readonly BundleObject[];
}

/** A custom resource, as far as a bundle looks into it. @public */
export interface BundleObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
}

/** As it is, or compressed. @public */
export type BundleEncoding = "plain" | "gzip";

/**
 * What the index says: enough to know whether a bundle is the one that is held already, and to verify every part of one that is not.
 *
 * @public
 */
export interface BundleIndex {
  /** Of the content before compression: the bundle's identity. 64 hexadecimal digits. */
  readonly sha256: string;
  readonly policies: number;
  readonly rules: number;
  /** How the pieces hold the content. */
  readonly encoding: BundleEncoding;
  /** sha256 of each piece, in order. */
  readonly pieces: readonly string[];
}

/**
 * One ConfigMap of a bundle: what goes into its `data` and `binaryData`. As files, each key is a file in one folder.
 *
 * @public
 */
export interface BundleDocument {
  readonly name: string;
  /** Only the first document has texts: `format`, `sha256`, `encoding`, `policies`, `rules`, `pieces`. */
  readonly data: Readonly<Record<string, string>>;
  /** `bundle.0`, `bundle.1` …: base64. */
  readonly binaryData: Readonly<Record<string, string>>;
}

/** Key of a piece in `binaryData`, and its file name. @public */
export function pieceKey(index: number): string {
  return `bundle.${index}`;
}

/** Name of the document that holds a piece. @public */
export function documentName(index: number, name: string = bundleName): string {
  return index === 0 ? name : `${name}-${index}`;
}
