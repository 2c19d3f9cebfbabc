// Every event that a test takes is held against the published schema: a sink whose events are wrong turns the run red.
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";

const schema = JSON.parse(readFileSync(new URL("../../schema/audit-event.schema.json", import.meta.url), "utf8"));
const fits = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(schema);

/** What is wrong with an event; nothing of one that is as the schema says. */
export function faultsOf(event) {
  return fits(event) ? [] : fits.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const faults = [];
// A gate does not let a sink fail a request: so the fault is told when the process ends.
process.on("exit", () => {
  if (faults.length === 0) return;
  console.error("audit events that are not as their schema says:", faults.slice(0, 3));
  process.exitCode = 1;
});

/** Holds an event against the schema. */
export function watched(event) {
  const wrong = faultsOf(event);
  if (wrong.length > 0) faults.push(`${wrong.join("; ")}: ${JSON.stringify(event)}`);
  return event;
}

/** A sink that keeps events, and holds each against the schema. */
export const keeping = (events) => (event) => void events.push(watched(event));
