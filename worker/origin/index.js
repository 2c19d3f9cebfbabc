// The demo origin: answers every request with what it was sent, so that one sees what the gate passes on.

const MAX_BODY_BYTES = 64 * 1024;

export default {
  async fetch(request) {
    const echo = {
      method: request.method,
      url: request.url,
      headers: Object.fromEntries([...request.headers].sort(([a], [b]) => (a < b ? -1 : 1))),
      body: await bodyText(request),
    };
    return new Response(request.method === "HEAD" ? null : `${JSON.stringify(echo, null, 2)}\n`, {
      headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
    });
  },
};

// The body as text, or null if there is none; what is past the limit is left out, and said to be.
async function bodyText(request) {
  if (!request.body) return null;
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of request.body) {
    const room = MAX_BODY_BYTES - bytes;
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      return `${text}${decoder.decode(chunk.subarray(0, room))}… (more than ${MAX_BODY_BYTES} bytes)`;
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
