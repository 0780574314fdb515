/** Order of versions as Kubernetes has it: `v2` before `v1` before `v2beta1` before `v1alpha1`, others last by name. */
export function compareVersions(left: string, right: string): number {
  const a = parse(left);
  const b = parse(right);
  if (a === undefined || b === undefined) {
    if (a !== undefined) return 1;
    if (b !== undefined) return -1;
    return left < right ? 1 : left > right ? -1 : 0;
  }
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Maturity, major number, minor number. */
function parse(version: string): readonly number[] | undefined {
  const match = /^v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?$/.exec(version);
  if (match === null) return undefined;
  const maturity = match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0;
  return [maturity, Number(match[1]), Number(match[3] ?? 0)];
}
