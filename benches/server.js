// The server of the page, the contenders and the event streams.

import { createServer } from "node:http";
import { createSecureServer } from "node:http2";

const TYPES = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };

/** The page is isolated: only then has its clock a resolution of microseconds. */
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** As a site would serve files whose names change with their content. */
const CACHED = { "cache-control": "public, max-age=31536000, immutable", "content-encoding": "br" };

/** Pages of other origins may read streams, and ask for them with what headers they like. */
const SHARED = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
const STREAM = { "content-type": "text/event-stream", ...SHARED };

/** The time in the page's unit: milliseconds since 1970. In the page it is computed in the same way. */
export const now = () => performance.timeOrigin + performance.now();

/**
 * Serves an empty page, files (which brotli has compressed), and event streams. `stream` answers the requests for one:
 * it is given the CVM's id and the response.
 */
export async function startServer({ files, stream, http2 = false }) {
  const answers = Object.entries(files).map(([path, body]) => [path, { headers: headers(path), body }]);
  const handle = handler({ "/": page(), ...Object.fromEntries(answers) }, stream);
  const server = http2 ? await createHttp2Server(handle) : createServer(handle);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `${http2 ? "https" : "http"}://localhost:${server.address().port}`;
  return { origin, stop: () => server.close() };
}

/** Browsers speak HTTP/2 over TLS only, so it takes a certificate: made for this run, and trusted by this browser. */
async function createHttp2Server(handle) {
  const { generate } = await import("selfsigned");
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], { keyType: "ec" });
  return createSecureServer({ key, cert, settings: { maxConcurrentStreams: 10_000 } }, handle);
}

function handler(answers, stream) {
  return (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const answer = answers[pathname];
    const id = pathname.match(/^\/api\/v1\/cvms\/([^/]+)\/state$/)?.[1];
    if (answer) {
      response.writeHead(200, answer.headers).end(answer.body);
    } else if (request.method === "OPTIONS") {
      response.writeHead(204, SHARED).end();
    } else if (id) {
      response.writeHead(200, STREAM);
      stream(id, response);
    } else {
      response.writeHead(404).end();
    }
  };
}

function page() {
  return { headers: { "content-type": TYPES.html, ...ISOLATED }, body: "<!doctype html><title>bench</title>" };
}

function headers(path) {
  return { "content-type": TYPES[path.split(".").at(-1)], ...CACHED };
}
