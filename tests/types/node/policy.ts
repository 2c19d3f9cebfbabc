// A wrong policy as a program in Node meets it.
import { createGate, lint } from "edgeward";
import type { LintFinding, PolicyError, PolicyFault } from "edgeward";

try {
  await createGate({ routes: [] });
} catch (error) {
  if (error instanceof Error && error.name === "PolicyError") {
    const faults: readonly PolicyFault[] = (error as PolicyError).faults;
    for (const { pointer, reason, hint } of faults) console.log(pointer, reason, hint satisfies string | null);
  }
}

const findings: LintFinding[] = lint("{}", { workersRoutes: [] });
export const elsewhere: number = findings.filter(({ document }) => document === "workersRoutes").length;
lint("{}", { workersRoutes: "[]" });
// @ts-expect-error Routes are a document, and no number.
lint("{}", { workersRoutes: 1 });
