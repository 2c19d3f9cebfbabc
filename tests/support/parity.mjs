// Puts the core's questions about signatures to a host's native cryptography. It runs in workerd too, and names nothing
// of Node's.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

/**
 * Asks everything. Tells how many questions were answered, those whose answer is not the core's, the algorithms that were
 * left to the core as a whole, and single questions of the others that were.
 */
export async function ask(native, keys) {
  const algorithms = new Map(keys.map(({ algorithm }) => [algorithm, 0]));
  const wrong = [];
  const failed = [];
  for (const [id, { algorithm, jwk, questions }] of keys.entries()) {
    if (!native.has(algorithm)) continue;
    for (const { name, message, signature, good } of questions) {
      const check = () => native.verify(id, algorithm, bytes(message), bytes(signature));
      let answer;
      try {
        answer = check();
        if (answer === undefined) {
          await native.importKey(id, algorithm, jwk);
          answer = check();
        }
        answer = await answer;
      } catch {
        // The core answers instead.
        failed.push([algorithm, name]);
        continue;
      }
      if (answer !== good) wrong.push(`${algorithm}: ${name}`);
      algorithms.set(algorithm, algorithms.get(algorithm) + 1);
    }
  }
  return {
    answered: [...algorithms.values()].reduce((sum, count) => sum + count, 0),
    wrong,
    left: [...algorithms.keys()].filter((algorithm) => algorithms.get(algorithm) === 0).sort(),
    undecided: failed.filter(([algorithm]) => algorithms.get(algorithm) > 0).map((question) => question.join(": ")),
  };
}

/** How many questions there are about these algorithms. */
export const questionsOf = (keys, algorithms) =>
  keys.filter(({ algorithm }) => algorithms.includes(algorithm)).reduce((sum, { questions }) => sum + questions.length, 0);
