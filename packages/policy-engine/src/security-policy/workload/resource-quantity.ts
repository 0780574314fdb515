const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * Reads a resource quantity of the Kubernetes API (`500m`, `1.5`, `128Mi`, `1e3`, also a bare number) as a number of base units.
 * 0 for anything else, which is also what an absent quantity counts as.
 *
 * @internal
 */
export function parseResourceQuantity(value: unknown): number {
  if (typeof value === "number") return Number.isFinite(value) ? value : 0;
  // A quantity has at most a few dozen characters; the bound keeps the expression below from ever mattering.
  if (typeof value !== "string" || value.length > 64) return 0;
  const parts = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/.exec(value);
  if (parts === null) return 0;
  const number = Number(parts[1]);
  const exponent = parts[2];
  if (exponent !== undefined) return number * 10 ** Number(exponent);
  // Division for the small units: 500 * 1e-3 would not be 0.5 for every number.
  const suffix = parts[3] ?? "";
  if (suffix === "m") return number / 1e3;
  if (suffix === "u") return number / 1e6;
  if (suffix === "n") return number / 1e9;
  return number * (factors[suffix] ?? 0);
}
