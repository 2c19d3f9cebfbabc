// The keys that the frame has fetched. It is the one part of the page that may reach the network, and nothing is ever said
// to it: it speaks, and what it may say is the text of a key set and its own height.

/** As much as the core takes of a key set. */
const LONGEST = 512 * 1024;
const TALLEST = 2000;

/** Loads the frame, and calls `taken` with each key set that it hands out. */
export function takeFetchedKeys(frame, otherwise, taken) {
  addEventListener("message", ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    if (typeof data?.keySet === "string" && data.keySet.length <= LONGEST) taken(data.keySet);
    if (!Number.isInteger(data?.height)) return;
    frame.hidden = false;
    otherwise.hidden = true;
    if (data.height > 0 && data.height <= TALLEST) frame.style.setProperty("height", `${data.height}px`);
  });
  frame.src = "keys/";
}
