/** Never evaluated, whatever is configured: a cluster must stay able to repair itself. */
const alwaysExempt: ReadonlySet<string> = new Set(["kube-system", "kube-public", "kube-node-lease"]);

/**
 * Namespaces in which nothing can be denied.
 *
 * @public
 */
export interface ExemptNamespaces {
  /** Empty for cluster-scoped objects, which are in no namespace. */
  has(namespace: string): boolean;
}

/**
 * The guard against locking oneself out: own namespace and `kube-system`, `kube-public`, `kube-node-lease` are exempt whatever the patterns say.
 *
 * @param patterns - `*` at the end stands for anything, `!` in front takes out again; the last pattern that fits decides.
 *
 * Cost: one map look-up per question after the first of a namespace; at most 1,000 names are remembered.
 *
 * @public
 */
export function exemptNamespaces(ownNamespace: string | undefined, patterns: readonly string[]): ExemptNamespaces {
  const known = new Map<string, boolean>();
  return {
    has(namespace) {
      if (namespace === "") return false;
      const answer = known.get(namespace);
      if (answer !== undefined) return answer;
      const isExempt = namespace === ownNamespace || alwaysExempt.has(namespace) || fits(namespace, patterns);
      // Names come from outside; beyond the bound they are looked at each time.
      if (known.size < 1000) known.set(namespace, isExempt);
      return isExempt;
    },
  };
}

function fits(namespace: string, patterns: readonly string[]): boolean {
  let isExempt = false;
  for (const pattern of patterns) {
    const isException = pattern.startsWith("!");
    const name = isException ? pattern.slice(1) : pattern;
    const doesFit = name.endsWith("*") ? namespace.startsWith(name.slice(0, -1)) : namespace === name;
    if (doesFit) isExempt = !isException;
  }
  return isExempt;
}
