// Ed25519 by its definition (RFC 8032 §5.1), slow and plain, to make signatures that no library would make.
import { createHash } from "node:crypto";

const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const modulo = (number, by = P) => ((number % by) + by) % by;

function power(base, exponent) {
  let result = 1n;
  for (base = modulo(base); exponent > 0n; exponent >>= 1n, base = (base * base) % P) {
    if (exponent & 1n) result = (result * base) % P;
  }
  return result;
}

const inverse = (number) => power(number, P - 2n);
const D = modulo(-121665n * inverse(121666n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

function add([x1, y1], [x2, y2]) {
  const product = modulo(D * x1 * x2 * y1 * y2);
  return [modulo((x1 * y2 + x2 * y1) * inverse(1n + product)), modulo((y1 * y2 + x1 * x2) * inverse(1n - product))];
}

function times(factor, point) {
  let result = [0n, 1n];
  for (; factor > 0n; factor >>= 1n, point = add(point, point)) if (factor & 1n) result = add(result, point);
  return result;
}

/** The point of this y with an even x, or undefined where there is none. */
function point(y) {
  const square = modulo((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (modulo(x * x - square) !== 0n) x = modulo(x * ROOT_OF_MINUS_1);
  if (modulo(x * x - square) !== 0n) return undefined;
  return [x & 1n ? P - x : x, y];
}

export const BASE = point(modulo(4n * inverse(5n)));

/** A point whose order is exactly 8. */
export const TORSION = (() => {
  for (let y = 2n; ; y++) {
    const found = point(y);
    const torsion = found && times(L, found);
    if (torsion && times(4n, torsion)[1] !== 1n) return torsion;
  }
})();

export function little(number, bytes = 32) {
  return Buffer.from(number.toString(16).padStart(bytes * 2, "0"), "hex").reverse();
}

export const number = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
export const encode = ([x, y]) => little(y | ((x & 1n) << 255n));
export const multiple = (factor, of = BASE) => times(factor, of);
export const sum = add;

/** The factor of the key in a signature over the message. */
export const challenge = (r, key, message) =>
  modulo(number(createHash("sha512").update(r).update(key).update(message).digest()), L);
export const scalar = (value) => modulo(value, L);
