// A report is told apart by its class.
import { inspect } from "edgeward";
import type { CredentialFinding, Inspected, InspectedApiKey, InspectedKey, InspectedStep, InspectedToken, KeyOrigin, MemberSpan, StepOutcome } from "edgeward";

const report = inspect("a.b.c", { policy: { issuers: [] }, jwks: { keys: [] }, now: 0 });

const known: Inspected = report;
void known.verdict;
if (report.class === "m2m_token") {
  const token: InspectedToken = report.token;
  const none: null = report.key;
  const outcomes: StepOutcome[] = token.steps.map((step: InspectedStep) => step.outcome);
  const [key]: InspectedKey[] = token.keys;
  const origin: KeyOrigin | undefined = key?.origin;
  const spans: MemberSpan[] = token.payload.spans;
  const [worst]: CredentialFinding[] = report.lint;
  void [none, outcomes, origin, spans, worst?.rule];
} else if (report.class === "api_key") {
  const key: InspectedApiKey = report.key;
  void key;
} else {
  const neither: null = report.class;
  void neither;
}

// @ts-expect-error A report has no secret to show.
report.key?.secret;
// @ts-expect-error Without a class there may be no token.
report.token.steps;
// @ts-expect-error The time is a number of milliseconds.
inspect("a.b.c", { now: new Date() });
// @ts-expect-error What is misspelt is found.
inspect("a.b.c", { polcy: { issuers: [] } });
