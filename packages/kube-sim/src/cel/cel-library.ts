import { addressFunctions } from "./cel-address-functions.ts";
import { coreFunctions } from "./cel-core-functions.ts";
import { listFunctions } from "./cel-list-functions.ts";
import { createOverload, type CelOverload } from "./cel-overload.ts";
import { quantityFunctions } from "./cel-quantity-functions.ts";
import { textFunctions } from "./cel-text-functions.ts";

/** All functions that rules may call, by name. Members and functions of one name are told apart by the overload. */
export class CelLibrary {
  readonly #byName = new Map<string, CelOverload[]>();

  constructor() {
    const definitions = [
      ...coreFunctions(),
      ...textFunctions(),
      ...listFunctions(),
      ...addressFunctions(),
      ...quantityFunctions(),
    ];
    for (const definition of definitions) {
      const overload = createOverload(definition);
      const known = this.#byName.get(overload.name);
      if (known === undefined) this.#byName.set(overload.name, [overload]);
      else known.push(overload);
    }
  }

  /** Overloads of a function (`size`, `ip.isCanonical`), or of a method. */
  overloads(name: string, isMember: boolean): readonly CelOverload[] {
    return (this.#byName.get(name) ?? []).filter((overload) => overload.isMember === isMember);
  }
}
