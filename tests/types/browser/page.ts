// A page: the names of a browser alone, and neither Node's nor those of newer libraries.
import { createJwtVerifier, inspect, verifyJws } from "edgeward";
import { init } from "edgeward/slim";

await init({ module_or_path: fetch("/edgeward/core.wasm") });

const field = document.querySelector<HTMLInputElement>("input")!;
field.addEventListener("input", async () => {
  const { token } = inspect(field.value);
  document.title = token?.header.text ?? "";
  const verifier = await createJwtVerifier({ issuers: [{ issuer: "https://issuer.example", audience: "a", algorithms: ["ES256"], jwks: { keys: [] } }] });
  try {
    const verdict = await verifier.verify(field.value);
    if (verdict.ok && verdict.class === "m2m_token") console.log(verdict.claims["sub"]);
    // @ts-expect-error Only what is good has claims.
    verdict.claims;
  } finally {
    verifier.free();
  }
  const signature = await verifyJws(field.value, { keys: [] }, { algorithms: ["ES256"] });
  if (signature.ok) console.log(new TextDecoder().decode(signature.payload));
});

export async function once(token: string): Promise<boolean> {
  using verifier = await createJwtVerifier("{}");
  return verifier.verifySync(token).ok;
}

// @ts-expect-error There is no process in a page: nothing of the package brings Node's names along.
process.exit();
