// The life and the review of keys as a program in Node writes it.
import { KeyAdminError, createKeyAdmin, reviewPolicy } from "edgeward";
import type { InventoryLine, KeyDocumentEnd, ReviewFinding, Severity } from "edgeward";
import { memoryStore } from "edgeward/store/memory";

const admin = await createKeyAdmin({ prefix: "acme", environment: "live", review: { maxAgeDays: 90 } }, { store: memoryStore() });

const lines: InventoryLine[] = [];
let cursor: string | null = null;
do {
  const page = await admin.inventory({ cursor, limit: 50 });
  lines.push(...page.lines);
  cursor = page.cursor;
} while (cursor !== null);

const { findings, summary } = await admin.review();
const worst: ReviewFinding | undefined = findings[0];
export const count: number = summary.bySeverity[worst?.severity ?? ("info" satisfies Severity)];

try {
  for await (const part of admin.reviewText("html", { policy: { routes: [] } as never, limit: 10 })) process.stdout.write(part);
  const text = admin.inventoryText();
  const step = await text.next();
  if (step.done) (step.value satisfies KeyDocumentEnd).cursor satisfies string | null;
} catch (error) {
  if (error instanceof KeyAdminError) console.log(error.code, error.status);
}

// @ts-expect-error There is no such format of the inventory.
admin.inventoryText("html");
// @ts-expect-error The limits of the review are numbers of days.
await createKeyAdmin({ prefix: "acme", environment: "live", review: { maxAgeDays: "90" } }, { store: memoryStore() });
export const ofPolicy: number = reviewPolicy("{}").findings.length;
