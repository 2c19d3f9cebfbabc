// Node's own signature checks: native, and without a promise.
import type { NativeSignatures } from "./host.js";

interface NodeKey {
  readonly type: string;
}

interface NodeCrypto {
  createPublicKey(input: { key: unknown; format: "jwk" }): NodeKey;
  verify(hash: string | null, message: Uint8Array, key: unknown, signature: Uint8Array): boolean;
  constants: { RSA_PKCS1_PADDING: number; RSA_PKCS1_PSS_PADDING: number };
}

interface NodeProcess {
  versions?: { node?: string; bun?: string };
  getBuiltinModule?(name: string): unknown;
}

/** How a key is handed over, made once for each key, and how the signature is. */
interface Scheme {
  readonly hash: string | null;
  key(crypto: NodeCrypto, key: NodeKey): unknown;
  signature(signature: Uint8Array): Uint8Array;
}

// A key by itself is taken in at once: within an object of options it costs Node a third of an RSA check. So PKCS #1 goes
// by the default, and ECDSA's two numbers as DER has them, which is the default too.
const bare = (_: NodeCrypto, key: NodeKey): unknown => key;
const asItIs = (signature: Uint8Array): Uint8Array => signature;
const pkcs1 = (hash: string): Scheme => ({ hash, key: bare, signature: asItIs });
const pss = (hash: string, saltLength: number): Scheme => ({
  hash,
  key: (crypto, key) => ({ key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength }),
  signature: asItIs,
});
const ecdsa = (hash: string): Scheme => ({ hash, key: bare, signature: ecdsaInDer });
const plain: Scheme = { hash: null, key: bare, signature: asItIs };

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ["RS256", pkcs1("sha256")],
  ["RS384", pkcs1("sha384")],
  ["RS512", pkcs1("sha512")],
  ["PS256", pss("sha256", 32)],
  ["PS384", pss("sha384", 48)],
  ["PS512", pss("sha512", 64)],
  ["ES256", ecdsa("sha256")],
  ["ES384", ecdsa("sha384")],
  ["ES512", ecdsa("sha512")],
  ["ES256K", ecdsa("sha256")],
  ["EdDSA", plain],
  ["Ed25519", plain],
  // From Node 24.7 on; before that such a key cannot be imported.
  ["ML-DSA-44", plain],
  ["ML-DSA-65", plain],
  ["ML-DSA-87", plain],
]);

/**
 * The two numbers of an ECDSA signature (RFC 7518 §3.4) as DER writes them (RFC 3279 §2.2.3). The core has looked at their
 * length. What is no signature is none afterwards either.
 */
export function ecdsaInDer(signature: Uint8Array): Uint8Array {
  const half = signature.length >> 1;
  const numbers = [0, half].map((start) => {
    const end = start + half;
    while (start < end - 1 && signature[start] === 0) start++;
    // A number whose first bit is set would be negative.
    return { start, end, padding: signature[start]! >> 7 };
  });
  const content = numbers.reduce((sum, { start, end, padding }) => sum + 2 + padding + end - start, 0);
  // Only P-521 has more than 127 bytes.
  const head = content < 128 ? [0x30, content] : [0x30, 0x81, content];
  const der = new Uint8Array(head.length + content);
  der.set(head);
  let at = head.length;
  for (const { start, end, padding } of numbers) {
    der[at] = 2;
    der[at + 1] = padding + end - start;
    der.set(signature.subarray(start, end), at + 2 + padding);
    at += 2 + padding + end - start;
  }
  return der;
}

/** Node's checks, or nothing on hosts that only look like Node. */
export function nodeSignatures(): NativeSignatures | undefined {
  const { process, navigator, Deno } = globalThis as unknown as {
    process?: NodeProcess;
    navigator?: { userAgent?: string };
    Deno?: unknown;
  };
  const imitated = Deno !== undefined || process?.versions?.bun !== undefined || navigator?.userAgent === "Cloudflare-Workers";
  if (process?.versions?.node === undefined || imitated) return undefined;
  const crypto = process.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
  if (crypto === undefined) return undefined;

  // Null where this Node cannot import a key: the core then checks the signature itself, and need not wait for the
  // failure at every token.
  const keys = new Map<number, { key: NodeKey; as: Map<string, unknown> } | null>();
  return {
    synchronous: true,
    has: (algorithm) => SCHEMES.has(algorithm),
    importKey(key, _algorithm, jwk) {
      keys.set(key, null);
      keys.set(key, { key: crypto.createPublicKey({ key: JSON.parse(jwk), format: "jwk" }), as: new Map() });
    },
    forgetKey: (key) => void keys.delete(key),
    verify(key, algorithm, message, signature) {
      const imported = keys.get(key);
      if (imported === undefined) return undefined;
      if (imported === null) throw new Error("the key could not be imported");
      const scheme = SCHEMES.get(algorithm)!;
      // One key may serve several algorithms.
      let handed = imported.as.get(algorithm);
      if (handed === undefined) imported.as.set(algorithm, (handed = scheme.key(crypto, imported.key)));
      return crypto.verify(scheme.hash, message, handed, scheme.signature(signature));
    },
  };
}
