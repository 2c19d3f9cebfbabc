// What every entry offers. Nothing here may call the core while it loads: the entries start it
// after this module has been evaluated.
export { version } from "./glue.js";
