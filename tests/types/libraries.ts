// With the types of Node and of libraries that are used beside the package, as a program on a server has them.

import {
  createClient,
  MaxRetriesExceededError,
  RequestError,
  ValidationError,
  WatchAbortedError,
  WatchError,
} from "cvm-watch";
import * as undici from "undici";

const dispatcher = new undici.ProxyAgent("http://proxy.example:3128");
createClient({ fetch: (url, init) => undici.fetch(url, { ...init, dispatcher }) });
createClient({ fetch: undici.fetch, headers: new undici.Headers() });
createClient({ fetch, headers: new Headers() });
createClient({ fetch: jest.fn(async () => new Response()) });

const { signal } = new AbortController();
const promise = createClient().watchCvmState(
  { id: "my-app", target: "running", signal },
  { signal: AbortSignal.timeout(1) },
);

for (const expected of [WatchError, WatchAbortedError, MaxRetriesExceededError, RequestError, ValidationError]) {
  expect(await promise).toBeInstanceOf(expected);
}
await expect(promise).rejects.toThrow(WatchAbortedError);
await expect(promise).rejects.toThrow(MaxRetriesExceededError);
await expect(promise).rejects.toThrow(RequestError);
await expect(promise).rejects.toThrow(ValidationError);
await expect(promise).rejects.toThrow(new WatchError("the same words"));
