// Attempts to have an origin read another request than the gate judged, or to have it believe what only the gate may say:
// each as the bytes that a client sends. Nothing of them may reach an origin but a request that a route takes, whole, and
// with what the gate says in it. Whoever hands in `/smuggled` or `forged` tries to get it further than that.
const CRLF = "\r\n";

// `ends` is what must become of a request: `refused` never reaches the origin; `passed` reaches it, harmlessly; where a host
// may choose, it is left out.
export function attempts(token) {
  const good = `Authorization: Bearer ${token}`;
  const inner = `GET /smuggled HTTP/1.1${CRLF}Host: x${CRLF}edgeward-subject: forged${CRLF}${CRLF}`;
  const lines = (...all) => all.join(CRLF);
  /** A request of these lines after the first two, with a credential. */
  const request = (first, headers, body = "") => lines(first, "Host: api.example", good, ...headers, "", body);
  const post = (headers, body = "") => request("POST /v1/a HTTP/1.1", headers, body);
  const get = (...headers) => request("GET /v1/a HTTP/1.1", headers);
  const chunked = "Transfer-Encoding: chunked";
  const smuggled = `0${CRLF}${CRLF}${inner}`;
  const framing = (name, headers, body = smuggled, ends) => ({ name: `framing: ${name}`, bytes: post(headers, body), ends });
  const head = (name, bytes, ends) => ({ name: `head: ${name}`, bytes, ends });
  const header = (name, ...headers) => ({ name: `header: ${name}`, bytes: get(...headers), ends: "passed" });

  return [
    // Where a body ends.
    framing("a length beside chunks", ["Content-Length: 4", chunked]),
    framing("chunks beside a length", [chunked, `Content-Length: ${smuggled.length}`]),
    framing("a length of nothing beside chunks", ["Content-Length: 0", chunked], `5${CRLF}aaaaa${CRLF}${smuggled}`),
    framing("a coding that is none", ["Transfer-Encoding: xchunked"], smuggled, "refused"),
    framing("a space before the colon", ["Transfer-Encoding : chunked", "Content-Length: 5"], smuggled, "refused"),
    framing("a tab before the value", ["Transfer-Encoding:\tchunked", "Content-Length: 5"]),
    framing("chunks that are not last", ["Transfer-Encoding: chunked, identity"], smuggled, "refused"),
    framing("chunks after nothing", ["Transfer-Encoding: identity, chunked"]),
    framing("chunks after a coding", ["Transfer-Encoding: gzip, chunked"]),
    framing("two codings, chunks first", [chunked, "Transfer-Encoding: identity"], smuggled, "refused"),
    framing("two codings, chunks last", ["Transfer-Encoding: identity", chunked]),
    framing("chunks twice", [chunked, chunked]),
    framing("a vertical tab in the coding", ["Transfer-Encoding: \x0bchunked", "Content-Length: 5"], smuggled, "refused"),
    framing("a quoted coding", ['Transfer-Encoding: "chunked"', "Content-Length: 5"], smuggled, "refused"),
    framing("a coding of mixed case beside a length", ["Transfer-Encoding: cHuNkEd", "Content-Length: 5"]),
    framing("a coding with an underscore", ["Transfer_Encoding: chunked", `Content-Length: ${smuggled.length}`]),
    framing("a coding on a line that goes on", [`Transfer-Encoding:${CRLF} chunked`, "Content-Length: 5"]),
    framing("a coding after another header's line feed", ["X-A: b\nTransfer-Encoding: chunked", "Content-Length: 5"]),
    framing("a coding after another header's carriage return", ["X-A: b\rTransfer-Encoding: chunked", "Content-Length: 5"], smuggled, "refused"),
    framing("two lengths", ["Content-Length: 0", `Content-Length: ${inner.length}`], inner, "refused"),
    framing("two lengths on one line", [`Content-Length: 0, ${inner.length}`], inner, "refused"),
    framing("the same length twice", ["Content-Length: 5", "Content-Length: 5"], `aaaaa${inner}`),
    framing("a length with a sign", ["Content-Length: +5"], `aaaaa${inner}`, "refused"),
    framing("a negative length", ["Content-Length: -1"], inner, "refused"),
    framing("a hexadecimal length", ["Content-Length: 0x5"], `aaaaa${inner}`, "refused"),
    framing("a length with an exponent", ["Content-Length: 5e0"], `aaaaa${inner}`, "refused"),
    framing("a length in two words", ["Content-Length: 5 0"], `aaaaa${inner}`, "refused"),
    framing("a length past every number", ["Content-Length: 99999999999999999999999"], inner, "refused"),
    framing("an empty length", ["Content-Length:"], inner),
    framing("a space before the length's colon", ["Content-Length : 0"], inner, "refused"),
    framing("a length with an underscore", ["Content_Length: 0", "Content-Length: 5"], `aaaaa${inner}`, "refused"),
    framing("a chunk with a prefix", [chunked], `0x5${CRLF}aaaaa${CRLF}${smuggled}`),
    framing("a chunk of a negative size", [chunked], `-1${CRLF}${smuggled}`),
    framing("a chunk past every number", [chunked], `FFFFFFFFFFFFFFFF1${CRLF}aaaaa${CRLF}${smuggled}`),
    framing("a chunk without its end", [chunked], `5${CRLF}aaaaa${smuggled}`),
    framing("a chunk longer than it says", [chunked], `2${CRLF}aaaaaaa${CRLF}${smuggled}`),
    framing("a chunk's line feed alone", [chunked], `5\naaaaa\n0\n\n${inner}`),
    framing("a line feed in a chunk's extension", [chunked], `5;a\nbbb${CRLF}aaaaa${CRLF}${smuggled}`),
    framing("chunks without a size", [chunked], `${CRLF}${CRLF}${inner}`),
    framing("headers after the chunks", [chunked, "Trailer: edgeward-subject"], lines("5", "aaaaa", "0", "edgeward-subject: forged", "X-Api-Key: forged", "", ""), "passed"),
    framing("a request after the body", ["Content-Length: 5"], `aaaaa${inner}`, "passed"),
    framing("a request in the body", [`Content-Length: ${inner.length}`], inner, "passed"),
    framing("a request in a chunk", [chunked], lines(inner.length.toString(16), inner, "0", "", ""), "passed"),
    framing("a length that the client nominates", ["Content-Length: 5", "Connection: content-length"], `aaaaa${inner}`, "refused"),
    framing("a coding that the client nominates", [chunked, "Connection: transfer-encoding"], lines("5", "aaaaa", "0", "", inner), "refused"),
    { name: "framing: a body of GET", bytes: request("GET /v1/a HTTP/1.1", [`Content-Length: ${inner.length}`], inner) },
    { name: "framing: chunks of GET", bytes: request("GET /v1/a HTTP/1.1", [chunked], lines(inner.length.toString(16), inner, "0", "", "")) },
    ...["DELETE", "OPTIONS", "PATCH"].map((method) => ({
      name: `framing: chunks of ${method}`,
      bytes: request(`${method} /v1/a HTTP/1.1`, [chunked], lines(inner.length.toString(16), inner, "0", "", "")),
      ends: "passed",
    })),
    { name: "framing: a body of HEAD", bytes: request("HEAD /v1/a HTTP/1.1", [`Content-Length: ${inner.length}`], inner) },
    { name: "framing: chunks in HTTP/1.0", bytes: request("POST /v1/a HTTP/1.0", [chunked, "Content-Length: 5"], smuggled) },
    { name: "framing: a denied request with a body", bytes: lines("POST /v1/a HTTP/1.1", "Host: api.example", `Content-Length: ${inner.length}`, "", inner), ends: "refused" },

    // How a head is read.
    head("line feeds alone", get("X-A: b").replaceAll(CRLF, "\n")),
    head("carriage returns alone", get("X-A: b").replaceAll(CRLF, "\r"), "refused"),
    head("a carriage return in a value", get("X-A: b\rc"), "refused"),
    head("a NUL in a value", get("X-A: b\0c"), "refused"),
    head("a NUL in the path", request("GET /v1/a\0b HTTP/1.1", []), "refused"),
    head("a space in a name", get("edgeward subject: forged"), "refused"),
    head("a space after a name", get("edgeward-subject : forged"), "refused"),
    head("a line that goes on", get("X-A: b", " edgeward-subject: forged")),
    head("a first line that goes on", lines("GET /v1/a HTTP/1.1", " edgeward-subject: forged", "Host: api.example", good, "", "")),
    head("a line without a colon", get("edgeward-subject"), "refused"),
    head("a header without a name", get(": forged"), "refused"),
    head("a letter that is no ASCII in a name", get("edgew\xe4rd-subject: forged"), "refused"),
    head("two hosts", get("Host: other.example")),
    head("no host", lines("GET /v1/a HTTP/1.1", good, "", "")),
    head("another host in the line", request("GET http://other.example/v1/a HTTP/1.1", [])),
    head("two spaces in the line", request("GET  /v1/a HTTP/1.1", [])),
    head("a second target in the line", request("GET /v1/a /smuggled HTTP/1.1", []), "refused"),
    head("a version that is none", request("GET /v1/a HTTP/1.1x", []), "refused"),
    head("HTTP/0.9", `GET /v1/a${CRLF}`, "refused"),
    head("the preface of HTTP/2", `PRI * HTTP/2.0${CRLF}${CRLF}SM${CRLF}${CRLF}`, "refused"),
    head("escaped line ends in the path", request("GET /v1/a%0d%0aedgeward-subject:%20forged HTTP/1.1", []), "refused"),
    head("an escaped line end in the query", request("GET /v1/a?x=%0d%0aedgeward-class:%20m HTTP/1.1", []), "passed"),
    head("a head past every limit", get(`X-A: ${"b".repeat(1 << 20)}`), "refused"),

    // What only the gate may say, and what it must not let through.
    header("the gate's own", "edgeward-subject: forged"),
    header("the gate's own, twice and in any case", "EDGEWARD-SUBJECT: forged", "Edgeward-Subject: forged"),
    header("the gate's own with underscores", "edgeward_subject: forged", "Edgeward_Class: forged", "EDGEWARD-CREDENTIAL_ID: forged"),
    header("the gate's own with dots", "edgeward.subject: forged"),
    header("the gate's own to come", "edgeward-anything-new: forged"),
    header("the gate's own, nominated", "Connection: edgeward-subject, edgeward-class, edgeward-request-id"),
    { ...header("the host, nominated", "Connection: host"), ends: "refused" },
    header("another header, nominated", "Connection: x-role, close", "X-Role: forged"),
    header("a forgotten connection", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=forged"),
    header("credentials for a proxy", "Proxy-Authorization: Basic forged"),
    header("another path", "X-Original-URL: /smuggled", "X-Rewrite-URL: /smuggled", "X-Original-URI: /smuggled"),
    header("another path with underscores", "X_Original_URL: /smuggled", "x_rewrite_url: /smuggled"),
    header("another method", "X-HTTP-Method-Override: forged", "X-HTTP-Method: forged", "X-Method-Override: forged"),
    header("another method with underscores", "X_HTTP_Method_Override: forged"),
    header("another client", "X-Forwarded-For: forged", "Forwarded: for=forged", "X-Real-IP: forged", "X-Client-IP: forged"),
    header("another client with underscores", "X_Forwarded_For: forged"),
    header("another host", "X-Forwarded-Host: forged", "X-Host: forged", "X-Forwarded-Server: forged"),
    header("another scheme and prefix", "X-Forwarded-Proto: forged", "X-Forwarded-Prefix: /forged"),
    header("HTTP/2 without TLS", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    header("an upgrade that is not nominated", "Upgrade: forged"),
    header("trailers", "TE: trailers, forged"),
    { name: "header: a WebSocket where there is none", bytes: get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==") },
    { name: "header: an expectation that is none", bytes: get("Expect: forged") },
    { name: "header: a key's twin with underscores", bytes: get("x_api_key: forged") },
    { name: "header: two credentials", bytes: get(good), ends: "refused" },
    { name: "header: two credentials on one line", bytes: get().replace(good, `${good}, Bearer forged`), ends: "refused" },
    { name: "header: both classes", bytes: get("X-Api-Key: acme_live_forged"), ends: "refused" },
    { name: "header: a credential behind a line that goes on", bytes: get().replace("Bearer ", `Bearer${CRLF} `) },
    { name: "header: a request after one that was allowed", bytes: get("Content-Length: 0") + inner, ends: "passed" },
    { name: "header: allowed, denied, allowed", bytes: get() + lines("GET /v1/a HTTP/1.1", "Host: api.example", "", "") + get(), ends: "passed" },
  ];
}

const ONCE = ["edgeward-class", "edgeward-subject", "edgeward-organization", "edgeward-credential-id", "edgeward-scopes", "edgeward-request-id", "host"];

/** What is wrong with a request that an origin was sent, in words; nothing where it is harmless. */
export function harm({ line, method, target, headers }, token) {
  const faults = [];
  const values = (name) => headers.filter(([found]) => found === name).map(([, value]) => value);
  if (!/^(DELETE|GET|HEAD|OPTIONS|PATCH|POST) \/v1\/[!-~]+ HTTP\/1\.1$/.test(line)) faults.push(`another request: ${line}`);
  if (method === undefined || target?.split("?")[0] !== "/v1/a") faults.push(`another target: ${target}`);
  for (const name of ONCE) {
    if (values(name).length !== 1) faults.push(`${name}: ${values(name).length} times`);
  }
  if (values("edgeward-class")[0] === "" || values("edgeward-subject")[0] !== "app_reports") faults.push("not the gate's word");
  if (values("content-length").length + values("transfer-encoding").length > 1) faults.push("two readings of where it ends");
  for (const [name, value] of headers) {
    if (/[^!-~]/.test(name) || /[^\t -~]/.test(value)) faults.push(`no header: ${name}`);
    if (/[^a-z0-9-]/.test(name)) faults.push(`a name with another reading: ${name}`);
    if (/forged|smuggled/.test(name + value)) faults.push(`${name}: ${value}`);
    if (value.includes(token) || /^(authorization|x-api-key|dpop|proxy-authorization|upgrade|te|trailer|expect)$/.test(name)) faults.push(`passed on: ${name}`);
  }
  return faults;
}

/**
 * Sends every attempt by `send` and says what became of it: `[name, what is wrong]` for each that is not as it should be,
 * and how many were refused and passed on. `seen` is what the origin keeps.
 */
export async function attack(token, send, seen) {
  const all = attempts(token);
  const wrong = [];
  const marked = all.map(({ bytes }, number) =>
    bytes.replaceAll(`Authorization: Bearer ${token}`, `X-Attempt: ${number}${CRLF}Authorization: Bearer ${token}`),
  );
  let next = 0;
  const worker = async () => {
    while (next < all.length) await send(Buffer.from(marked[next++], "latin1"));
  };
  await Promise.all(Array.from({ length: 12 }, worker));
  const number = ({ headers }) => headers.find(([name]) => name === "x-attempt")?.[1];
  for (const message of seen) {
    const faults = harm(message, token);
    if (faults.length > 0) wrong.push([all[number(message)]?.name ?? "nobody knows whose", faults.join("; ")]);
  }
  const passed = new Set(seen.map(number));
  all.forEach(({ name, ends }, place) => {
    const became = passed.has(String(place)) ? "passed" : "refused";
    if (ends !== undefined && became !== ends) wrong.push([name, `was ${became}, not ${ends}`]);
  });
  return { wrong, attempts: all.length, passed: passed.size };
}
