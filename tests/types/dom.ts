// What a page has, beside what `watch.ts` uses: its own `fetch` and `Headers`, and signals of every kind.

import { createClient, type FetchLike, type HeadersLike } from "cvm-watch";

export const own: FetchLike = fetch;
export const headers: HeadersLike = new Headers();
createClient({ fetch: globalThis.fetch, headers });
createClient({ fetch: (url, init) => fetch(url, { ...init, priority: "low" }) });
createClient({ fetch: async () => new Response() });
createClient({ fetch: (url, { signal }) => fetch(new Request(url, { signal })) });
// @ts-expect-error: not a function that makes requests
createClient({ fetch: Request });

export async function handle(request: Request) {
  await createClient().watchCvmState({ id: "my-app", target: "running" }, { signal: request.signal });
}
