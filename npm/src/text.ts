/** A document as the text that the core reads; text stays as it is, so that the core sees what the file says. */
export function jsonText(document: unknown, what: string): string {
  if (typeof document === "string") return document;
  const text = JSON.stringify(document) as string | undefined;
  if (text === undefined) throw new TypeError(`${what}: an object, or JSON text`);
  return text;
}
