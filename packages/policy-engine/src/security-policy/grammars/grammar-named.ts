import { compoundGrammars } from "./compound-grammars.ts";
import { enumerationGrammars } from "./enumeration-grammars.ts";
import type { Grammar } from "./grammar.ts";
import type { GrammarName } from "./grammar-name.ts";
import { pathGrammar } from "./path-grammar.ts";
import { plainGrammars } from "./plain-grammars.ts";

let table: ReadonlyMap<GrammarName, Grammar> | undefined;

/** All grammars by name. The table is built at the first call. @public */
export function grammars(): ReadonlyMap<GrammarName, Grammar> {
  if (table !== undefined) return table;
  const built = new Map<GrammarName, Grammar>();
  for (const group of [plainGrammars(), compoundGrammars(), enumerationGrammars(), [pathGrammar()]]) {
    for (const grammar of group) built.set(grammar.name, grammar);
  }
  table = built;
  return built;
}

/** The grammar of that name. @public */
export function grammarNamed(name: GrammarName): Grammar {
  return grammars().get(name) as Grammar;
}
