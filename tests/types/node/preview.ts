// What a preview is told and says.
import { previewRequest } from "edgeward";
import type { Preview, PreviewOptions, PreviewRequest, PreviewedOutcome, PreviewedRoute } from "edgeward";

const request: PreviewRequest = { method: "GET", url: "/v1/reports", headers: { accept: ["a", "b"] }, credential: "a.b.c", in: "x-api-key" };
const options: PreviewOptions = { jwks: { keys: [] }, record: { v: 1 }, now: 0 };
const preview: Preview = previewRequest({ routes: [] }, request, options);

const outcome: PreviewedOutcome | null = preview.outcome;
if (outcome?.action === "forward") {
  const [first]: [string, string][] = outcome.set;
  // @ts-expect-error What is forwarded has no status yet.
  outcome.status;
  void first;
} else if (outcome !== null) {
  const status: number = outcome.status;
  void status;
}
const [route]: PreviewedRoute[] = preview.routes;
if (preview.verdict?.ok === false) console.log(preview.verdict.code, route?.why, route?.example?.path);

// @ts-expect-error A preview may wait, and has no verdict then.
preview.verdict.ok;
// @ts-expect-error A request has a URL.
previewRequest("{}", { method: "GET" });
// @ts-expect-error What is misspelt is found.
previewRequest("{}", { method: "GET", url: "/", credentials: "a.b.c" });
