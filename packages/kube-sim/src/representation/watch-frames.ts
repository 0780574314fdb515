import { loadStructure } from "@kinglet/kube-schema/structure";
import { decodeTyped } from "../decoding/typed-decoder.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { presentObject, type Representation } from "./representation.ts";
import { apiVersionOf, type SimResource } from "../resources/sim-resource.ts";
import { MEDIA_TYPES } from "./negotiate.ts";
import { protobufEncoder, toJsonText } from "./serialize.ts";

/** Frames remembered: as many as watchers that are level with each other can share. */
const MAX_FRAMES = 128;

/** The media type of a watch in a representation. */
export function watchMediaType(representation: Representation): string {
  return representation.encoding === "protobuf" ? `${MEDIA_TYPES.protobuf};stream=watch` : MEDIA_TYPES.json;
}

/**
 * Writes events of a watch. An event that several watches send in the same form is written once; tables are not shared, since
 * their ages and heads differ from watch to watch.
 */
export class WatchFrames {
  readonly #recent = new Map<KubeObject, Map<string, Buffer>>();

  /** One event; `isFirst` puts the column definitions into a table. */
  frame(
    type: string,
    object: KubeObject,
    resource: SimResource,
    representation: Representation,
    isFirst: boolean,
  ): Buffer {
    if (representation.form === "table")
      return writeFrame(type, tableOf(object, resource, representation, isFirst), representation);
    const { form, encoding, metaVersion } = representation;
    const key = `${type} ${form} ${encoding} ${metaVersion} ${apiVersionOf(resource)}`;
    let forms = this.#recent.get(object);
    if (forms === undefined) {
      forms = new Map();
      this.#recent.set(object, forms);
      if (this.#recent.size > MAX_FRAMES) this.#forgetOldest();
    }
    let bytes = forms.get(key);
    if (bytes === undefined) {
      bytes = writeFrame(type, presentObject(object, resource, representation), representation);
      forms.set(key, bytes);
    }
    return bytes;
  }

  #forgetOldest(): void {
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      return;
    }
  }
}

/** A bookmark: an otherwise empty object of the kind. */
export function bookmarkFrame(
  revision: bigint,
  annotations: Readonly<Record<string, string>> | undefined,
  resource: SimResource,
  representation: Representation,
  isFirst: boolean,
): Buffer {
  const apiVersion = apiVersionOf(resource);
  const empty = {
    kind: resource.kind,
    apiVersion,
    metadata: { resourceVersion: String(revision), ...(annotations === undefined ? {} : { annotations }) },
  } as unknown as KubeObject;
  if (representation.form === "table") {
    return writeFrame("BOOKMARK", tableOf(empty, resource, representation, isFirst), representation);
  }
  const type = representation.form === "whole" ? loadStructure().typeOf(apiVersion, resource.kind) : undefined;
  const whole =
    type === undefined || resource.isCustom === true
      ? empty
      : (decodeTyped(type, empty).value as unknown as KubeObject);
  return writeFrame("BOOKMARK", presentObject(whole, resource, representation), representation);
}

/** An `ERROR` event with its `Status`. */
export function errorFrame(status: object, representation: Representation): Buffer {
  return writeFrame("ERROR", status, representation);
}

function tableOf(object: KubeObject, resource: SimResource, representation: Representation, isFirst: boolean): object {
  const named =
    (object.metadata.name as string | undefined) === undefined
      ? { ...object, metadata: { ...object.metadata, name: "" } }
      : object;
  const table = presentObject(named, resource, representation) as unknown as {
    rows: { object: KubeObject | null }[];
  };
  const row = table.rows[0];
  if (named !== object && row?.object) row.object = withoutName(row.object);
  return isFirst ? table : { ...table, columnDefinitions: null };
}

function withoutName(object: KubeObject): KubeObject {
  const { name: _name, ...metadata } = object.metadata;
  return { ...object, metadata } as KubeObject;
}

function writeFrame(type: string, object: object, representation: Representation): Buffer {
  const { apiVersion = "", kind = "" } = object as { apiVersion?: string; kind?: string };
  if (representation.encoding === "protobuf") return protobufEncoder().encodeFrame(type, apiVersion, kind, object);
  return Buffer.from(`{"type":"${type}","object":${toJsonText(object)}}\n`);
}
