// A `fetch` that has nothing to do with the platform's own: on Node's module for HTTP, with answers of no class. Node's own
// `fetch` needs many of the globals that the package must do without.

import { request } from "node:http";

export const httpFetch = (url, { headers, signal }) =>
  new Promise((resolve, reject) => {
    const fields = Object.fromEntries(
      typeof headers.entries === "function" ? headers.entries() : Object.entries(headers),
    );
    const sent = request(url, { headers: fields }, (message) => resolve(answer(message)));
    sent.on("error", reject);
    signal?.addEventListener("abort", () => sent.destroy());
    sent.end();
  });

const answer = (message) => ({
  status: message.statusCode,
  headers: { get: (name) => message.headers[name.toLowerCase()] ?? null },
  body: {
    getReader() {
      const chunks = message[Symbol.asyncIterator]();
      return { read: () => chunks.next(), cancel: async () => message.destroy() };
    },
  },
});
