import { createError } from "@kinglet/errors";
import { kingletErrors } from "../../errors.ts";
import { constructorName, sharedRow } from "./constructor-name.ts";
import { parseSnapshotLayout, type SnapshotLayout } from "./snapshot-layout.ts";
import type { SectionMode, SnapshotSink } from "./snapshot-tokenizer.ts";
import type { StringBytes } from "./string-bytes.ts";

/** How many nodes there are of a kind, and their own size in bytes, without what they keep alive. */
export interface Amount {
  count: number;
  size: number;
}

/** All nodes whose function, or whose constructor, begins at one place of a script. */
export interface PlaceAmount extends Amount {
  readonly scriptId: number;
  /** From 0; -1 for places beyond the limit. */
  readonly line: number;
  /** From 0, in UTF-16 units. */
  readonly column: number;
  /** A function that begins here: its node, or -1 when there are only objects. */
  closure: number;
}

/** Distinct names and places beyond these are added up in one row each: a hostile file must not decide how many rows there are. */
const maxRows = 1_000_000;
const noLayout = "nodes come before snapshot";

/**
 * Adds up a snapshot while it is read once: by constructor, and by place in the source.
 *
 * Sections must come in V8's order: `snapshot`, `nodes`, `locations`, `strings`. `edges` is skipped and its offset kept.
 *
 * Memory: 17 bytes per node, one row per distinct name and place, and the names of objects, functions and code.
 */
export class SnapshotCollector implements SnapshotSink {
  readonly #path: string;
  readonly #fileBytes: number;
  #layout: SnapshotLayout | undefined;
  #section = "";
  #seen = new Set<string>();
  #types = new Uint8Array(0);
  #nodeNames = new Uint32Array(0);
  #sizes = new Float64Array(0);
  #edgeCounts = new Uint32Array(0);
  #node = 0;
  #field = 0;
  /** Rows by type, for those that all nodes of a type share. */
  #shared: (string | undefined)[] = [];
  /** Rows by name × 256 + type, for the others. */
  readonly #named = new Map<number, Amount>();
  readonly #total: Amount = { count: 0, size: 0 };
  readonly #byType: Amount[] = [];
  /** By script, then by line × 2^27 + column. */
  readonly #places = new Map<number, Map<number, PlaceAmount>>();
  #placeCount = 0;
  #location = [0, 0, 0, 0];
  /** One bit per string: whether its text is needed. */
  #wanted = new Uint8Array(0);
  #wantedCount = 0;
  #stringIndex = 0;
  readonly #strings = new Map<number, string>();
  #sharedEdge = -1;
  #scriptEdge = -1;
  #edgesOffset = -1;

  /** @param fileBytes - size of the file: bounds what its header may make this allocate. */
  constructor(path: string, fileBytes: number) {
    this.#path = path;
    this.#fileBytes = fileBytes;
  }

  get layout(): SnapshotLayout {
    return this.#layout ?? this.#refuse(noLayout);
  }

  get total(): Readonly<Amount> {
    return this.#total;
  }

  /** Type number of each node. */
  get types(): Uint8Array {
    return this.#types;
  }

  /** Number of edges of each node. */
  get edgeCounts(): Uint32Array {
    return this.#edgeCounts;
  }

  /** Numbers of the strings `shared` and `script`, which name the edges function → shared function info → script; -1: not there. */
  get edgeNames(): { readonly shared: number; readonly script: number } {
    return { shared: this.#sharedEdge, script: this.#scriptEdge };
  }

  /** File offset behind the name of the section `edges`; -1: there is none. */
  get edgesOffset(): number {
    return this.#edgesOffset;
  }

  /** The name of an object, function or script; empty for nodes that share a row. */
  nameOf(node: number): string {
    return this.#strings.get(this.#nodeNames[node] ?? -1) ?? "";
  }

  /** Every place in the source that has nodes. */
  *places(): Generator<PlaceAmount, void> {
    for (const places of this.#places.values()) yield* places.values();
  }

  /** Amounts by constructor. */
  constructors(): Map<string, Amount> {
    const rows = new Map<string, Amount>();
    const add = (name: string, amount: Amount): void => {
      const row = rows.get(name);
      if (row === undefined) rows.set(name, { ...amount });
      else {
        row.count += amount.count;
        row.size += amount.size;
      }
    };
    for (const [type, amount] of this.#byType.entries()) {
      if (amount.count > 0) add(this.#shared[type] ?? "(beyond the first 1,000,000 names)", amount);
    }
    for (const [key, amount] of this.#named) {
      const type = this.layout.nodeTypes[key % 256] ?? "";
      add(constructorName(type, this.#strings.get(Math.floor(key / 256)) ?? ""), amount);
    }
    return rows;
  }

  beginSection(name: string, offset: number): SectionMode {
    // A second section of the same name would count everything twice.
    if (this.#seen.has(name)) this.#refuse(`section ${JSON.stringify(name)} comes twice`);
    if (this.#seen.size === 64) this.#refuse("it has more than 64 sections");
    this.#seen.add(name);
    this.#section = name;
    if (name === "snapshot") return "text";
    if (name === "edges") this.#edgesOffset = offset;
    if (name !== "nodes" && name !== "locations" && name !== "strings") return "skip";
    if (this.#layout === undefined) this.#refuse(noLayout);
    if (name === "locations" && this.layout.locationFields === 0) return "skip";
    if (name !== "nodes" && !this.#seen.has("nodes")) this.#refuse(`${name} come before nodes`);
    return name === "strings" ? "strings" : "numbers";
  }

  takeText(text: string): void {
    const layout = parseSnapshotLayout(text, this.#fileBytes, this.#path);
    this.#layout = layout;
    this.#types = new Uint8Array(layout.nodeCount);
    this.#nodeNames = new Uint32Array(layout.nodeCount);
    this.#sizes = new Float64Array(layout.nodeCount);
    this.#edgeCounts = new Uint32Array(layout.nodeCount);
    // A string takes at least two quotes and a comma.
    this.#wanted = new Uint8Array(Math.ceil(this.#fileBytes / 24));
    this.#shared = layout.nodeTypes.map(sharedRow);
    for (const _type of layout.nodeTypes) this.#byType.push({ count: 0, size: 0 });
  }

  takeNumbers(values: Float64Array, count: number): void {
    if (this.#section === "nodes") this.#takeNodes(values, count);
    else this.#takeLocations(values, count);
  }

  takeString(bytes: StringBytes): void {
    const index = this.#stringIndex++;
    const isWanted = ((this.#wanted[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
    // Both edge names have six letters.
    if (!isWanted && bytes.length !== 6) return;
    const text = bytes.toString();
    if (text === "shared") this.#sharedEdge = index;
    if (text === "script") this.#scriptEdge = index;
    if (isWanted) this.#strings.set(index, text);
  }

  endSection(): void {
    if (this.#field !== 0) this.#refuse(`the last entry of ${this.#section} is not complete`);
    if (this.#section === "nodes" && this.#node !== this.layout.nodeCount) {
      this.#refuse(`it declares ${this.layout.nodeCount} nodes and has ${this.#node}`);
    }
  }

  /**
   * Call at the end of the file.
   *
   * @throws `KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT` when a section is missing.
   */
  finish(): void {
    for (const name of ["snapshot", "nodes", "strings"]) {
      if (!this.#seen.has(name)) this.#refuse(`it has no section "${name}"`);
    }
  }

  /** Called for every number of `nodes`: no allocation except for a new row. */
  #takeNodes(values: Float64Array, count: number): void {
    const { nodeFields, typeAt, nameAt, sizeAt, edgeCountAt, nodeCount, nodeTypes } = this.layout;
    let node = this.#node;
    let field = this.#field;
    for (let i = 0; i < count; i++) {
      const value = values[i] as number;
      if (node === nodeCount) this.#refuse(`it declares ${nodeCount} nodes and has more`);
      if (field === typeAt) {
        if (value >= nodeTypes.length) this.#refuse(`a node has the unknown type ${value}`);
        this.#types[node] = value;
      } else if (field === nameAt) {
        if (value >= this.#fileBytes) this.#refuse(`a node has the name ${value}, which cannot be`);
        this.#nodeNames[node] = value;
      } else if (field === sizeAt) this.#sizes[node] = value;
      else if (field === edgeCountAt) {
        if (value >= this.#fileBytes) this.#refuse(`a node has ${value} edges, which cannot be`);
        this.#edgeCounts[node] = value;
      }
      if (++field === nodeFields) {
        this.#addNode(node);
        field = 0;
        node++;
      }
    }
    this.#node = node;
    this.#field = field;
  }

  #addNode(node: number): void {
    const type = this.#types[node] as number;
    const name = this.#nodeNames[node] as number;
    const size = this.#sizes[node] as number;
    this.#total.count++;
    this.#total.size += size;
    const shared = this.#shared[type];
    let row = this.#byType[type] as Amount;
    if (shared === undefined) {
      const key = name * 256 + type;
      const known = this.#named.get(key);
      if (known !== undefined) row = known;
      else if (this.#named.size < maxRows) {
        this.#named.set(key, (row = { count: 0, size: 0 }));
        this.#want(name);
      }
    } else if (shared === "(code)") {
      // Code nodes share a row, but the names of scripts are among theirs.
      this.#want(name);
    }
    row.count++;
    row.size += size;
  }

  #want(string: number): void {
    const at = string >> 3;
    const known = this.#wanted[at];
    const bit = 1 << (string & 7);
    if (known === undefined || (known & bit) !== 0 || this.#wantedCount === 2 * maxRows) return;
    this.#wanted[at] = known | bit;
    this.#wantedCount++;
  }

  #takeLocations(values: Float64Array, count: number): void {
    const { locationFields, locationNodeAt, scriptAt, lineAt, columnAt } = this.layout;
    const location = this.#location;
    for (let i = 0; i < count; i++) {
      const value = values[i] as number;
      if (this.#field === locationNodeAt) location[0] = value;
      else if (this.#field === scriptAt) location[1] = value;
      else if (this.#field === lineAt) location[2] = value;
      else if (this.#field === columnAt) location[3] = value;
      if (++this.#field === locationFields) {
        this.#field = 0;
        this.#addLocation(location[0] as number, location[1] as number, location[2] as number, location[3] as number);
      }
    }
  }

  #addLocation(index: number, scriptId: number, line: number, column: number): void {
    const node = index / this.layout.nodeFields;
    if (!Number.isInteger(node) || node >= this.layout.nodeCount) this.#refuse(`a location is of node ${index}`);
    if (line >= 2 ** 26 || column >= 2 ** 27) this.#refuse(`a location is at line ${line}, column ${column}`);
    let places = this.#places.get(scriptId);
    if (places === undefined) {
      if (this.#places.size === maxRows) this.#refuse("it has more than 1,000,000 scripts");
      this.#places.set(scriptId, (places = new Map()));
    }
    const isFull = this.#placeCount >= maxRows;
    let key = line * 2 ** 27 + column;
    let place = places.get(key);
    if (place === undefined && isFull) place = places.get((key = -1));
    if (place === undefined) {
      place = { scriptId, line: key < 0 ? -1 : line, column, count: 0, size: 0, closure: -1 };
      places.set(key, place);
      this.#placeCount++;
    }
    place.count++;
    place.size += this.#sizes[node] as number;
    if (place.closure < 0 && this.layout.nodeTypes[this.#types[node] as number] === "closure") place.closure = node;
  }

  #refuse(reason: string): never {
    throw createError(kingletErrors, "KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT", { path: this.#path, reason });
  }
}
