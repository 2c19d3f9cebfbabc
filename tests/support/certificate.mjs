// Certificates (RFC 5280) of one's own, for connections by TLS of this machine.
import { X509Certificate, createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts) => der(0x30, ...parts);
const oid = (...bytes) => der(0x06, Buffer.from(bytes));
const utcTime = (date) => der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));
const named = (name) => sequence(der(0x31, sequence(oid(0x55, 4, 3), der(0x0c, Buffer.from(name)))));
const ECDSA_WITH_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));
const TRUE = der(0x01, Buffer.from([0xff]));
const extension = (id, isCritical, value) => sequence(oid(0x55, 0x1d, id), ...(isCritical ? [TRUE] : []), der(0x04, value));

/** A certificate for 127.0.0.1 and localhost, by an authority, or by itself as one. As PEM, with its key and thumbprint. */
export function certificate(name, authority) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const day = 86_400_000;
  const isAuthority = authority === undefined;
  const local = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    named(authority?.name ?? name),
    sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + day))),
    named(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extension(0x13, true, sequence(...(isAuthority ? [TRUE] : []))), extension(0x11, false, local))),
  );
  const signature = sign("sha256", body, authority?.privateKey ?? privateKey);
  const raw = sequence(body, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature));
  return {
    name,
    privateKey,
    cert: new X509Certificate(raw).toString(),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    thumbprint: createHash("sha256").update(raw).digest("base64url"),
  };
}
