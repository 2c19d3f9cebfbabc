// The commands, by their names. What a command is made of is loaded when it is called: the list alone costs nothing.
import type { Command } from "./declare.js";

export interface Entry {
  /** The same as that of the command, which is not loaded for the list of them. */
  readonly summary: string;
  load(): Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, Entry>> = {
  verify: {
    summary: "say whether a token or an API key is good, and why not",
    load: async () => (await import("./verify/verify.js")).verify,
  },
  inspect: {
    summary: "say what is in a token or an API key, and why it would be refused",
    load: async () => (await import("./inspect/inspect.js")).inspect,
  },
  keys: { summary: "make, look at, change and end API keys", load: async () => (await import("./keys/keys.js")).keys },
  clients: {
    summary: "keep records of M2M clients and of the age of their secrets",
    load: async () => (await import("./clients/clients.js")).clients,
  },
  inventory: {
    summary: "list every standing credential, and how it fares",
    load: async () => (await import("./keys/inventory.js")).inventory,
  },
  review: {
    summary: "say what is wrong with the standing credentials, and how to mend it",
    load: async () => (await import("./keys/review.js")).review,
  },
  lint: { summary: "judge a policy, and say what is unwise in it", load: async () => (await import("./lint.js")).lint },
  snapshot: {
    summary: "write the keys of an issuer to a file that a deployment brings along",
    load: async () => (await import("./snapshot.js")).snapshot,
  },
  serve: {
    summary: "be the gate: a server in front of an API, or beside a proxy",
    load: async () => (await import("./serve/serve.js")).serve,
  },
  completion: {
    summary: "print a script that completes all this in a shell",
    load: async () => (await import("./completion/completion.js")).completion,
  },
};

/** What is taken beside a command's own options. */
export const GLOBAL = {
  help: { type: "boolean", words: "print how it is used" },
  "no-color": { type: "boolean", words: "no colours, as with NO_COLOR in the environment" },
} as const;

export function entryOf(name: string): Entry | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}
