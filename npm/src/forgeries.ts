import { forgeries as forgeriesOf } from "./glue.js";
import { judged } from "./inspect.js";
import type { Forgery, InspectOptions } from "../types/index.js";

export function forgeries(token: string, options: InspectOptions = {}): Forgery[] {
  return judged(forgeriesOf, token, options) as Forgery[];
}
