// A process that changes records of a file store: `raise <name> <times>`, or `hang`, which never lets go of a record.
import { open } from "node:fs/promises";
import { fileStore } from "edgeward/store/file";
import { raise } from "./store-suite.mjs";

const [directory, task, name, times] = process.argv.slice(2);
const store = fileStore(directory);
if (task === "raise") {
  for (let index = 0; index < Number(times); index++) await raise(store, name);
} else {
  // A process says who it is with its first change.
  await store.put("first", "text");
  // The one call that a change cannot do without never comes back: the process is in the middle of it until it is killed.
  const handle = await open(import.meta.filename ?? new URL(import.meta.url));
  Object.getPrototypeOf(handle).sync = () => {
    process.stdout.write("in the middle\n");
    return new Promise(() => setInterval(() => undefined, 1000));
  };
  await store.put(name, "never finished");
}
