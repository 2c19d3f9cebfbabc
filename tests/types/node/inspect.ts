// A report is told apart by its class.
import { forgeries, inspect, lifecycle } from "edgeward";
import type { CredentialFinding, Fault, Forgery, Inspected, InspectedApiKey, InspectedKey, InspectedStep, InspectedToken, KeyOrigin, LifecycleLine, MemberSpan, RecordMember, StepOutcome } from "edgeward";

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
  const sections: RecordMember[] = key.sections;
  void sections;
} else {
  const neither: null = report.class;
  void neither;
}

const [first]: Forgery[] = forgeries("a.b.c", { now: 0 });
const refused: Fault | null | undefined = first?.verdict;
const [line]: LifecycleLine[] = lifecycle();
void [refused, line?.standing];

// @ts-expect-error A report has no secret to show.
report.key?.secret;
// @ts-expect-error Without a class there may be no token.
report.token.steps;
// @ts-expect-error The time is a number of milliseconds.
inspect("a.b.c", { now: new Date() });
// @ts-expect-error A forgery may be the original itself, which is not repeated.
first?.token.length;
// @ts-expect-error What is misspelt is found.
inspect("a.b.c", { polcy: { issuers: [] } });
