import { lifecycle as lifecycleText } from "./glue.js";
import { enter } from "./instance.js";
import type { LifecycleLine } from "../types/index.js";

export function lifecycle(): LifecycleLine[] {
  return JSON.parse(enter(() => lifecycleText())) as LifecycleLine[];
}
