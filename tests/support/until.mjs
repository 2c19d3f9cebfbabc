/** Waits until a condition holds; `what` says what was waited for, where it never does. */
export async function until(condition, what = condition.toString(), within = 5_000) {
  const deadline = Date.now() + within;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`this did not come about within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
