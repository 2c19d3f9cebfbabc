// What is held after so many distinct tokens through one verifier: the memory of the core, which only ever grows, and what
// is in use of the program's own, after a collection.
import { createJwtVerifier } from "edgeward";
import { signer, tokenPolicy } from "../tests/support/credentials.mjs";
import { memory } from "../tests/support/memory.mjs";

export async function held({ tokens, steps }) {
  const issuer = signer("HS256");
  const verifier = await createJwtVerifier(tokenPolicy(issuer));
  const now = Date.now();
  const rows = [];
  let seen = 0;
  const until = (count) => {
    for (; seen < count; seen++) {
      const verdict = verifier.verifySync(issuer.mint({ claims: { jti: `token-${seen}` }, now: now + (seen % 1000) }));
      if (!verdict.ok) throw new Error(`token ${seen} is refused: ${verdict.code}`);
    }
    rows.push({ tokens: seen, ...memory() });
  };
  for (let step = 1; step <= steps; step++) {
    until(Math.round((tokens * step) / steps));
    // What nothing reaches any more is let go behind a turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return rows;
}
