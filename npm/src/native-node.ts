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

type Scheme = (crypto: NodeCrypto, key: NodeKey) => { hash: string | null; key: unknown };

const pkcs1 = (hash: string): Scheme => (crypto, key) => ({ hash, key: { key, padding: crypto.constants.RSA_PKCS1_PADDING } });
const pss = (hash: string, saltLength: number): Scheme => (crypto, key) => ({
  hash,
  key: { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength },
});
// Without this the signature would be read as DER.
const ecdsa = (hash: string): Scheme => (_, key) => ({ hash, key: { key, dsaEncoding: "ieee-p1363" } });
const plain: Scheme = (_, key) => ({ hash: null, key });

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
  const keys = new Map<number, NodeKey | null>();
  return {
    synchronous: true,
    has: (algorithm) => SCHEMES.has(algorithm),
    importKey(key, _algorithm, jwk) {
      keys.set(key, null);
      keys.set(key, crypto.createPublicKey({ key: JSON.parse(jwk), format: "jwk" }));
    },
    forgetKey: (key) => void keys.delete(key),
    verify(key, algorithm, message, signature) {
      const imported = keys.get(key);
      if (imported === undefined) return undefined;
      if (imported === null) throw new Error("the key could not be imported");
      const scheme = SCHEMES.get(algorithm)!(crypto, imported);
      return crypto.verify(scheme.hash, message, scheme.key, signature);
    },
  };
}
