import { hasCode } from "@kinglet/errors";
import type { KubeClient } from "@kinglet/kube-client";
import {
  bundleName,
  decodeBundle,
  documentName,
  encodeBundle,
  maxPieces,
  pieceKey,
  readBundleIndex,
  type BundleContent,
  type BundleDocument,
} from "@kinglet/policy-engine/bundle";
import { configMaps } from "../resources/controlled-resource.ts";

/** A ConfigMap, as far as it is read. */
interface StoredConfigMap {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** What became of writing a bundle. */
export interface WrittenBundle {
  readonly sha256: string;
  /** ConfigMaps that were written or deleted. */
  readonly writes: number;
  /** Size of the compressed content, bytes. */
  readonly bytes: number;
}

const labels = { "app.kubernetes.io/part-of": "kinglet", "app.kubernetes.io/managed-by": "kinglet-config-controller" };

/**
 * Writes the policy bundle into ConfigMaps of one namespace.
 *
 * The document with the index goes last, so that it never names pieces that are not there; a reader that looks in between finds a hash that does not fit and
 * keeps what it has. Nothing is written when the cluster holds the bundle already.
 */
export class BundleWriter {
  readonly #client: Pick<KubeClient, "get" | "create" | "replace" | "delete">;
  readonly #namespace: string;
  /** Documents that may exist beyond those of the last bundle; all, until a bundle was read or written. */
  #documents = maxPieces;

  constructor(client: Pick<KubeClient, "get" | "create" | "replace" | "delete">, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** What the cluster holds; undefined when that is nothing, or not a whole bundle. */
  async read(signal: AbortSignal): Promise<BundleContent | undefined> {
    const first = await this.#find(bundleName, signal);
    if (first === undefined) return undefined;
    try {
      const index = readBundleIndex(first.data ?? {});
      const pieces: Uint8Array[] = [];
      for (const [at] of index.pieces.entries()) {
        const document = at === 0 ? first : await this.#find(documentName(at), signal);
        pieces.push(Buffer.from(document?.binaryData?.[pieceKey(at)] ?? "", "base64"));
      }
      this.#documents = Math.max(1, index.pieces.length);
      return await decodeBundle(index, pieces);
    } catch (error) {
      if (isBundleProblem(error)) return undefined;
      throw error;
    }
  }

  /**
   * Puts a bundle in the place of the one that is there.
   *
   * @throws what encoding and the API server refuse; the bundle in the cluster is then whole, or readers see that it is not.
   */
  async write(content: BundleContent, signal: AbortSignal): Promise<WrittenBundle> {
    const { documents, sha256, bytes } = await encodeBundle(content);
    let writes = 0;
    for (const document of documents.toReversed()) {
      if (await this.#writeDocument(document, signal)) writes += 1;
    }
    for (let at = documents.length; at < this.#documents; at += 1) {
      if (await this.#remove(documentName(at), signal)) writes += 1;
    }
    this.#documents = documents.length;
    return { sha256, writes, bytes: bytes.length };
  }

  async #writeDocument(document: BundleDocument, signal: AbortSignal): Promise<boolean> {
    const stored = await this.#find(document.name, signal);
    if (stored !== undefined && holds(stored, document)) return false;
    const { name, data, binaryData } = document;
    const metadata = { name, namespace: this.#namespace, labels: { ...stored?.metadata.labels, ...labels } };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data, binaryData };
    const options = { namespace: this.#namespace, signal };
    if (stored === undefined) await this.#client.create(configMaps, object, options);
    else {
      const { resourceVersion } = stored.metadata;
      await this.#client.replace(configMaps, { ...object, metadata: { ...metadata, resourceVersion } }, options);
    }
    return true;
  }

  async #remove(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#client.delete(configMaps, name, { namespace: this.#namespace, signal });
      return true;
    } catch (error) {
      if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return false;
      throw error;
    }
  }

  async #find(name: string, signal: AbortSignal): Promise<StoredConfigMap | undefined> {
    try {
      return await this.#client.get<StoredConfigMap>(configMaps, name, { namespace: this.#namespace, signal });
    } catch (error) {
      if (hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return undefined;
      throw error;
    }
  }
}

/** Whether a ConfigMap holds a document and nothing else. */
function holds(stored: StoredConfigMap, { data, binaryData }: BundleDocument): boolean {
  return isSame(stored.data ?? {}, data) && isSame(stored.binaryData ?? {}, binaryData);
}

function isSame(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(right);
  return Object.keys(left).length === keys.length && keys.every((key) => left[key] === right[key]);
}

function isBundleProblem(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && code.startsWith("KINGLET_ERR_POLICY_ENGINE_BUNDLE_");
}
