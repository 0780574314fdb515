import type { Exchange } from "../requests/exchange.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import { listFrame, presentListItem, type Representation } from "./representation.ts";
import type { SimResource } from "../resources/sim-resource.ts";
import { columnsOf } from "./columns.ts";
import { protobufEncoder, toJsonText } from "./serialize.ts";

/** Pieces in which a long list is written. */
const CHUNK_CHARACTERS = 65_536;
/** A list longer than this goes out in pieces, compressed when the client asks for that; others in one with their length. */
const LONG_CHARACTERS = 131_072;

/** One page of a list. */
export interface ListPage {
  readonly revision: bigint;
  readonly items: readonly KubeObject[];
  readonly continueToken: string;
  /** Objects after this page; undefined when unknown or none. */
  readonly remaining: number | undefined;
}

/** Writes a page; as JSON piece by piece: a list of many objects is never one string. */
export async function sendPage(
  exchange: Exchange,
  resource: SimResource,
  representation: Representation,
  page: ListPage,
): Promise<void> {
  const isWholeCustom = resource.isCustom === true && representation.form === "whole";
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.continueToken === "" ? {} : { continue: page.continueToken }),
    ...(page.continueToken === "" && isWholeCustom ? { continue: "" } : {}),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
  const { head, member } = listFrame(resource, representation, metadata);
  const present = (object: KubeObject): unknown => presentListItem(object, resource, representation);
  const hasMessage = protobufEncoder().knows(String(head["apiVersion"]), String(head["kind"]));
  if (representation.encoding === "yaml" || (representation.encoding === "protobuf" && hasMessage)) {
    exchange.sendJson(200, { ...head, [member]: page.items.map(present) });
    return;
  }
  if (member === "rows" && page.items.length === 0 && columnsOf(resource).isPlain) {
    exchange.sendJson(200, { ...head, rows: null });
    return;
  }
  const { record } = exchange;
  if (record?.wantsAnswer === true) record.answer({ ...head, [member]: page.items.map(present) });
  await sendPieces(exchange, `${toJsonText(head).slice(0, -1)},"${member}":[`, page.items, present);
}

async function sendPieces(
  exchange: Exchange,
  head: string,
  items: readonly KubeObject[],
  present: (object: KubeObject) => unknown,
): Promise<void> {
  let chunk = head;
  let isStarted = false;
  let isFirst = true;
  for (const object of items) {
    chunk += (isFirst ? "" : ",") + toJsonText(present(object));
    isFirst = false;
    if (chunk.length < (isStarted ? CHUNK_CHARACTERS : LONG_CHARACTERS)) continue;
    if (!isStarted) {
      if (exchange.acceptsGzip) exchange.startCompressed(200, "application/json");
      else exchange.start(200, "application/json");
      isStarted = true;
    }
    const hasRoom = exchange.write(chunk);
    chunk = "";
    if (!hasRoom) await exchange.waitForRoom();
    if (exchange.isOver) return;
  }
  if (!isStarted) {
    exchange.sendText(200, "application/json", `${chunk}]}\n`);
    return;
  }
  exchange.write(`${chunk}]}\n`);
  exchange.end();
}
