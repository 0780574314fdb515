/**
 * Makes the unique id of an alert: 128 bits over rule, container and execution, as 32 hexadecimal digits.
 *
 * Deterministic across processes and machines. Not cryptographic: it tells alerts apart, and none of the three inputs is free
 * text of the container. (`node:crypto` would add 0.6 MB of heap to the import.) Two alerts in a billion share an id with a
 * probability below 10^-20.
 *
 * @internal
 */
export function createAlertId(ruleId: string, containerId: string, execId: string): string {
  // Lengths in front, so that moving a character from one part to the next changes the text.
  const text = `${ruleId.length}:${ruleId}${containerId.length}:${containerId}${execId}`;
  let a = 0x9e3779b1;
  let b = 0x85ebca77;
  let c = 0xc2b2ae3d;
  let d = 0x27d4eb2f;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = rotate(Math.imul(a ^ unit, 0x01000193), 13) + b;
    b = rotate(Math.imul(b ^ unit, 0x5bd1e995), 17) + c;
    c = rotate(Math.imul(c ^ unit, 0x1b873593), 11) + d;
    d = rotate(Math.imul(d ^ unit, 0xcc9e2d51 | 0), 19) + a;
  }
  a = finish(a ^ text.length);
  b = finish(b ^ a);
  c = finish(c ^ b);
  d = finish(d ^ c);
  return hex(finish(a ^ d)) + hex(b) + hex(c) + hex(d);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Every input bit reaches every output bit. */
function finish(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35 | 0);
  return mixed ^ (mixed >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
