// The records of clients as a program in Node writes it.
import { ClientAdminError, createClientAdmin, readClientListing } from "edgeward";
import type { ClientRecord, ClientSecretLine, InventoryLine, KeyLine } from "edgeward";
import { memoryStore } from "edgeward/store/memory";

const clients = await createClientAdmin({ review: { maxClientSecretAgeDays: 90 } }, { store: memoryStore() });
const { id, record } = await clients.add({ issuer: "https://login.example/", clientId: "a", owner: "ada", revoker: "sec" });
record satisfies ClientRecord;

for (const client of readClientListing("[]", { from: "workos", issuer: "x" }).clients) await clients.import(client);

const of = (line: InventoryLine): string => {
  switch (line.class) {
    case "api_key":
      return (line satisfies KeyLine).environment ?? "";
    case "client_secret":
      return (line satisfies ClientSecretLine).clientId ?? "";
  }
};
export const words: string[] = (await clients.inventory()).lines.map(of);

try {
  await clients.revokeSecret(id, { secret: "s-1", by: "ada" });
} catch (error) {
  if (error instanceof ClientAdminError) console.log(error.code, error.status);
}

// @ts-expect-error Who answers for it is named.
await clients.add({ issuer: "https://login.example/", clientId: "a" });
// @ts-expect-error No secret is taken.
await clients.addSecret(id, { secret: "s" });
// @ts-expect-error There is no such listing.
readClientListing("[]", { from: "okta", issuer: "x" });
