// The Web Cryptography API: native on every host that has it, and behind a promise.
import type { NativeSignatures } from "./host.js";

interface Scheme {
  key: AlgorithmIdentifier | RsaHashedImportParams | EcKeyImportParams;
  check: AlgorithmIdentifier | RsaPssParams | EcdsaParams;
}

const rsa = (name: string, hash: string, saltLength?: number): Scheme => ({
  key: { name, hash },
  check: saltLength === undefined ? { name } : { name, saltLength },
});
const ecdsa = (namedCurve: string, hash: string): Scheme => ({
  key: { name: "ECDSA", namedCurve },
  check: { name: "ECDSA", hash },
});
const ED25519: Scheme = { key: { name: "Ed25519" }, check: { name: "Ed25519" } };

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ["RS256", rsa("RSASSA-PKCS1-v1_5", "SHA-256")],
  ["RS384", rsa("RSASSA-PKCS1-v1_5", "SHA-384")],
  ["RS512", rsa("RSASSA-PKCS1-v1_5", "SHA-512")],
  ["PS256", rsa("RSA-PSS", "SHA-256", 32)],
  ["PS384", rsa("RSA-PSS", "SHA-384", 48)],
  ["PS512", rsa("RSA-PSS", "SHA-512", 64)],
  ["ES256", ecdsa("P-256", "SHA-256")],
  ["ES384", ecdsa("P-384", "SHA-384")],
  ["ES512", ecdsa("P-521", "SHA-512")],
  ["EdDSA", ED25519],
  ["Ed25519", ED25519],
]);

/** After this time, in milliseconds, nobody counts on an import any more. */
const IMPORT_TIME = 5000;

/** The checks of `crypto.subtle`, or nothing where the page is no secure context. */
export function webSignatures(): NativeSignatures | undefined {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return undefined;

  // A key is imported for one algorithm, so the same one may stand under several. Null where this host cannot import it:
  // the core then checks the signature itself, and need not wait for the failure at every token.
  const keys = new Map<string, Map<number, CryptoKey | null>>();
  const missing = new Set<string>();
  /** The imports that are under way, and since when: a request may end in the middle of one. */
  const importing = new Map<string, number>();
  const importOnce = async (key: number, algorithm: string, jwk: string): Promise<void> => {
    const name = `${algorithm} ${key}`;
    const own = Date.now();
    importing.set(name, own);
    const ofAlgorithm = keys.get(algorithm) ?? new Map<number, CryptoKey | null>();
    keys.set(algorithm, ofAlgorithm);
    // A key that was dropped in the meantime stays away.
    const keep = (imported: CryptoKey | null) => {
      if (importing.get(name) === own) ofAlgorithm.set(key, imported);
    };
    try {
      keep(await subtle.importKey("jwk", JSON.parse(jwk), SCHEMES.get(algorithm)!.key, false, ["verify"]));
    } catch (error) {
      keep(null);
      // An algorithm that this host lacks need not be tried again for every token.
      if ((error as { name?: string } | null)?.name === "NotSupportedError") missing.add(algorithm);
      throw error;
    } finally {
      if (importing.get(name) === own) importing.delete(name);
    }
  };
  return {
    synchronous: false,
    has: (algorithm) => SCHEMES.has(algorithm) && !missing.has(algorithm),
    importKey(key, algorithm, jwk) {
      // One request imports it. Others must not wait for a promise of that one's: the core checks their signatures itself.
      const since = importing.get(`${algorithm} ${key}`);
      if (since !== undefined && Date.now() - since < IMPORT_TIME) throw new Error("the key is being imported");
      return importOnce(key, algorithm, jwk);
    },
    forgetKey(key) {
      for (const [algorithm, ofAlgorithm] of keys) {
        ofAlgorithm.delete(key);
        importing.delete(`${algorithm} ${key}`);
      }
    },
    verify(key, algorithm, message, signature) {
      const imported = keys.get(algorithm)?.get(key);
      if (imported === undefined) return undefined;
      if (imported === null) throw new Error("the key could not be imported");
      // Copies: the core's memory may move while the promise is pending.
      return subtle.verify(SCHEMES.get(algorithm)!.check, imported, signature.slice(), message.slice());
    },
  };
}
