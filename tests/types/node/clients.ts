// The records of clients as a program in Node writes it.
import { ClientAdminError, createClientAdmin, readClientListing } from "edgeward";
import type {
  ClientAdmin, ClientAdminHost, ClientAdminOptions, ClientChange, ClientEnd, ClientListing, ClientPage, ClientRecord, ClientSecretLine,
  ClientSecretRecord, ClientUsage, InventoryLine, KeyLine, ListedClient, NewClient, NewClientSecret, NotedClient,
} from "edgeward";
import { memoryStore } from "edgeward/store/memory";

const options: ClientAdminOptions = { review: { maxClientSecretAgeDays: 90 } };
const host: ClientAdminHost = { store: memoryStore() };
const clients: ClientAdmin = await createClientAdmin(options, host);
const secret: NewClientSecret = { hint: "7Qx", expires: "90d", lastUsed: null };
const client: NewClient = { issuer: "https://login.example/", clientId: "a", owner: "ada", revoker: "sec", secrets: [secret] };
const { id, record, made }: NotedClient = await clients.add(client);
record satisfies ClientRecord;
made satisfies boolean;

const listing: ClientListing = readClientListing("[]", { from: "workos", issuer: "x" });
for (const listed of listing.clients) await clients.import(listed satisfies ListedClient);
const change: ClientChange = { organization: null, scopes: ["a"] };
const [known]: readonly ClientSecretRecord[] = (await clients.update(id, change)).secrets;
const ended: ClientEnd | undefined = known?.revoked;
const usage: ClientUsage = (await clients.show(id)).usage;
const page: ClientPage = await clients.list({ cursor: null });
console.log(ended?.by, usage.lastToken?.toFixed(), page.cursor);
// @ts-expect-error A record cannot be written to.
record.secrets.push({ id: "s-2", noted: 0 });

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
