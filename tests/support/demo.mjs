// Credentials for the Worker as it is bundled: tokens of the demo issuer and keys of the demo's form, good from now on.
import { readFileSync } from "node:fs";
import { apiKey, signerOf } from "./credentials.mjs";

const read = (file) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));

export const policy = read("worker/policy.json");
export const now = Date.now();
export const second = Math.floor(now / 1000);

const issuer = signerOf(read("target/edgeward/demo-issuer.json"), "ES256", "demo-1");

/** A token of the demo issuer. */
export function demoToken({ claims = {}, header = {} } = {}) {
  const { issuer: iss, audience: aud } = policy.issuers[0];
  const usual = { iss, aud, sub: "app_reports", client_id: "app_reports", org_id: "org_acme", scope: "reports:read" };
  return issuer.mint({ claims: { ...usual, ...claims }, header, now });
}

/** A key of the demo's form, with its record. */
export function demoKey(record = {}, options = {}) {
  return apiKey({ prefix: policy.apiKeys.prefix, now, record: { organization: "org_acme", ...record }, ...options });
}

/** What the store holds of these keys. */
export function entriesOf(...keys) {
  return Object.fromEntries(keys.map(({ storeKey, record }) => [storeKey, record]));
}
