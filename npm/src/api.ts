// What every entry offers. Nothing here may call the core while it loads: the entries start it after this module has
// been evaluated.
export { createApiKeyChecker } from "./keys.js";
export { ClientAdminError, createClientAdmin, readClientListing } from "./client-admin.js";
export { KeyAdminError, createKeyAdmin } from "./key-admin.js";
export { reviewPolicy } from "./key-review.js";
export { createGate } from "./gate.js";
export { createOriginCheck } from "./origin.js";
export { createJwtVerifier } from "./tokens.js";
export { forgeries } from "./forgeries.js";
export { inspect } from "./inspect.js";
export { lifecycle } from "./lifecycle.js";
export { lint } from "./lint.js";
export { previewRequest } from "./preview.js";
export { takeSnapshot } from "./snapshot.js";
export { verifyJws } from "./jws.js";
export { coreRestarts, version } from "./instance.js";
