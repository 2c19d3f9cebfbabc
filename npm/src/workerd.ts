// The entry for workerd, which ends what goes on behind an answer unless it is told to wait for it.
import * as workers from "cloudflare:workers";
import { setWaitUntil } from "./host.js";

// An older runtime has none: there, lend one as `waitUntil`.
const { waitUntil } = workers as { waitUntil?: (work: Promise<unknown>) => void };
if (waitUntil !== undefined) setWaitUntil(waitUntil);

export * from "./edge.js";
