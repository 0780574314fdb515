import { connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { frameOf } from "../src/agent-event.ts";

/** A client without any code of the product: what arrives, in messages. */
export class RawClient implements Disposable {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
  readonly messages: Buffer[] = [];
  trailers: Readonly<Record<string, unknown>> = {};
  #rest: Buffer = Buffer.alloc(0);

  constructor(address: string, options: { readonly request?: Uint8Array; readonly isReading?: boolean } = {}) {
    this.session = connect(`http://${address.replace("tcp:", "")}`);
    this.session.on("error", () => {});
    this.stream = this.session.request({ ":method": "POST", ":path": "/tetragon.FineGuidanceSensors/GetEvents" });
    this.stream.on("error", () => {});
    this.stream.on("trailers", (headers) => {
      this.trailers = headers;
    });
    this.stream.end(frameOf(options.request ?? new Uint8Array()));
    if (options.isReading !== false) this.read();
  }

  read(): void {
    this.stream.on("data", (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      while (this.#rest.length >= 5 && this.#rest.length >= 5 + this.#rest.readUInt32BE(1)) {
        const end = 5 + this.#rest.readUInt32BE(1);
        this.messages.push(this.#rest.subarray(5, end));
        this.#rest = this.#rest.subarray(end);
      }
    });
  }

  ping(): Promise<void> {
    return new Promise((resolve) => {
      if (this.session.destroyed) resolve();
      else this.session.ping(() => resolve());
    });
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}
