// The crossing of a token: its bytes go straight to a place in the core's memory that lasts. Of the package's core alone;
// the page asks for long texts, and seldom.
import { coreMemory, presentedPlace, presentedRoom } from "./glue.js";
import { instance } from "./instance.js";

const encoder = new TextEncoder();

let place = new Uint8Array(0);
let of: number | undefined;

/** Puts a text down, within a call into the core, and says how many bytes it has; nothing where there is no room for it. */
export function layDown(text: string): number | undefined {
  // Where the memory has grown, what looked at it before looks at nothing.
  if (place.length === 0 || of !== instance()) {
    // First the place, for which the memory may have to grow.
    const begin = presentedPlace();
    place = new Uint8Array((coreMemory() as WebAssembly.Memory).buffer, begin, presentedRoom());
    of = instance();
  }
  const { read, written } = encoder.encodeInto(text, place);
  return read === text.length ? written : undefined;
}
