import type { RequestPlace } from "./api-error.ts";
import { JsonWatchReader } from "./json-watch-reader.ts";
import { ListReader, type ListChunks } from "./list-reader.ts";
import type { ObjectDecoder } from "./object-decoder.ts";
import type { WatchChunks } from "./watch-reader.ts";

/** Lists and watches in JSON. */
export function jsonList(
  place: RequestPlace,
  decoder: ObjectDecoder,
  onItem: (object: Record<string, unknown>) => void,
): ListChunks {
  return new ListReader(place, (value) => {
    const object = decoder.decode(value);
    if (object === undefined) return false;
    onItem(object);
    return true;
  });
}

/** The events of a watch in JSON. */
export function jsonWatch(place: RequestPlace, decoder: ObjectDecoder): WatchChunks {
  return new JsonWatchReader(place, decoder);
}
