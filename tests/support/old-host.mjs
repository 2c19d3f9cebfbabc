// A program on a host without weak references, the collector's notices and the symbol of disposal, as Workers were before
// 2025-05-05. It prints what it saw.
delete globalThis.WeakRef;
delete globalThis.FinalizationRegistry;
// It cannot be taken away from `Symbol`, whose place another one takes.
const { Symbol: Whole } = globalThis;
const without = ["dispose", "asyncDispose"];
globalThis.Symbol = new Proxy((description) => Whole(description), {
  get: (_, name) => (without.includes(name) ? undefined : Whole[name]),
});

const { createJwtVerifier } = await import("edgeward");
const { initSync } = await import("edgeward/slim");
const { NOW, signer, tampered, tokenPolicy } = await import("./credentials.mjs");

const issuer = signer("ES256");
const policy = tokenPolicy(issuer);
const make = () => createJwtVerifier(policy, { now: () => NOW });
const size = () => initSync().memory.buffer.byteLength;

const verifier = await make();
const members = Object.keys(verifier);
const verdicts = [verifier.verify(issuer.mint()).ok, verifier.verify(tampered(issuer.mint())).code];
verifier.free();
try {
  verifier.verify(issuer.mint());
} catch (error) {
  verdicts.push(error.name);
}

for (let made = 0; made < 500; made++) (await make()).free();
const before = size();
for (let made = 0; made < 5000; made++) (await make()).free();
console.log(JSON.stringify({ verdicts, members, growth: size() - before }));
