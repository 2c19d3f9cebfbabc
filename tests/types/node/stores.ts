// The ready stores are stores, and take the clients that people have.
import { Redis } from "ioredis";
import { createClient } from "redis";
import { createStorage } from "unstorage";
import memoryDriver from "unstorage/drivers/memory";
import { createApiKeyChecker, type Store } from "edgeward";
import { fileStore } from "edgeward/store/file";
import { memoryStore } from "edgeward/store/memory";
import { redisStore } from "edgeward/store/redis";
import { unstorageStore } from "edgeward/store/unstorage";

const client = createClient();
const redis = new Redis();
const storage = createStorage({ driver: memoryDriver() });

const complete: Required<Store>[] = [
  memoryStore({ now: () => 0 }),
  fileStore("/var/lib/records"),
  redisStore((args) => client.sendCommand(args)),
  redisStore(([name, ...rest]) => redis.call(name!, ...rest), { prefix: "{keys}:" }),
];
const incomplete: Store = unstorageStore(storage);

for (const store of [...complete, incomplete]) await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });

const text: string | null = memoryStore().get("name");
const swapped: boolean = await fileStore("records").swap("name", text, null);
// @ts-expect-error: it has none, which is why its callers cannot rely on one.
unstorageStore(storage).swap("name", null, String(swapped));
// @ts-expect-error: a client is no function that sends a command.
redisStore(client);
