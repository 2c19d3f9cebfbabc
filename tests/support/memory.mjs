// How much memory the core and the program around it hold.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { initSync } from "edgeward/slim";
// Where the core runs already, it is that one which is told of below.
import "edgeward";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** In bytes: the memory of the core, which only ever grows, and what is in use of the program's own. */
export function memory() {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { core: initSync().memory.buffer.byteLength, program: heapUsed + arrayBuffers };
}
