import dns, { type LookupAddress, type LookupOptions } from "node:dns";

type Answer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * Knows one name, for the whole process, until it is disposed; every other name goes to the system. What it stands for may change, as a name in DNS does.
 *
 * In the place of `dns.lookup`, which is what sockets ask: the system's resolver cannot be told of names that move.
 */
export class NameService implements Disposable {
  readonly #system = dns.lookup;
  /** Where the name leads. */
  address: string;

  constructor(name: string, address: string) {
    this.address = address;
    const lookup = (host: string, options: LookupOptions | Answer, answer?: Answer): void => {
      if (host !== name || typeof options === "function" || answer === undefined) {
        Reflect.apply(this.#system, dns, [host, options, answer]);
        return;
      }
      const { address: now } = this;
      // As the system's does: never before this call has returned.
      process.nextTick(() => {
        if (options.all === true) answer(null, [{ address: now, family: 4 }]);
        else answer(null, now, 4);
      });
    };
    Object.assign(dns, { lookup });
  }

  [Symbol.dispose](): void {
    Object.assign(dns, { lookup: this.#system });
  }
}
