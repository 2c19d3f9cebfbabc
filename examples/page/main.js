// By its path, and not by a name: an import map would stand in the page itself, which the page's policy forbids.
import { createJwtVerifier } from "./node_modules/edgeward/dist/index.js";

const field = (id) => document.getElementById(id);

/** The words for a verdict. */
async function judge() {
  const verifier = await createJwtVerifier({
    issuers: [
      {
        issuer: field("issuer").value.trim(),
        audience: field("audience").value.trim(),
        algorithms: field("algorithms").value.split(/\s+/).filter(Boolean),
        jwks: JSON.parse(field("jwks").value),
      },
    ],
  });
  const verdict = await verifier.verify(field("token").value.trim());
  return verdict.ok ? `Good: ${verdict.subject}, until ${new Date(verdict.claims.exp * 1000).toISOString()}` : `Refused: ${verdict.code}. ${verdict.detail}`;
}

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  // Never as HTML: a subject is whatever the token says.
  field("verdict").textContent = await judge().catch((error) => `Cannot check: ${error.message}`);
});
