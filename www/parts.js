// The tabs under the verdicts, in their order. A part has an id, the name of its tab, the classes of credential that it is
// about, and `mount`, which is called once with an empty place and the app, and returns what is called with each new state
// while its tab is open. What is drawn there is drawn through `paint`, so that only what changed is drawn again.
import { breaking } from "./parts/breaking.js";
import { contents } from "./parts/contents.js";
import { policy } from "./parts/policy.js";
import { practice } from "./parts/practice.js";
import { steps } from "./parts/steps.js";
import { take } from "./parts/take.js";
import { time } from "./parts/time.js";

export const PARTS = [steps, contents, time, practice, policy, breaking, take];
