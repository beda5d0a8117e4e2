// What must compile, and (under @ts-expect-error) what must not.

import {
  type Client,
  type CvmState,
  createClient,
  exponentialBackoff,
  type FieldError,
  getCvmState,
  MaxRetriesExceededError,
  RequestError,
  ValidationError,
  WatchAbortedError,
  WatchError,
  type WatchEvent,
  type WatchRequest,
  watchCvmState,
} from "cvm-watch";

const client: Client = createClient({ baseURL: "/api/v1", useCookieAuth: true, transport: "eventsource" });
createClient();

// Both examples of the quick start.
const state: CvmState = await client.watchCvmState({
  id: "my-app",
  target: "running",
  timeout: 120,
  onEvent: (event) => {
    console.log(`Status: ${event.status}, Progress: ${event.boot_progress}`);
  },
});
console.log(`CVM is now ${state.status}`);

const controller = new AbortController();
try {
  await client.watchCvmState({ id: "my-app", target: "running", signal: controller.signal });
} catch (error) {
  if (error instanceof WatchAbortedError) {
    console.log("Watch was cancelled");
  }
}

// The published SDK's form.
await watchCvmState(client, { app_id: "a", target: "running" }, { signal: controller.signal, onEvent });

// Every field of the request.
const request: WatchRequest = {
  uuid: "550e8400-e29b-41d4-a716-446655440000",
  target: "stopped",
  interval: 5,
  timeout: 10,
  maxRetries: Number.POSITIVE_INFINITY,
  retryDelay: 0,
};
await client.watchCvmState(request);
// What is optional may be undefined as well.
await client.watchCvmState({ id: "my-app", name: undefined, target: "running", timeout: undefined, signal: undefined });

// Keys, headers and delays may be functions.
createClient({ apiKey: "key", headers: { "x-extra": "1" }, version: "2026-01-21", transport: "fetch" });
createClient({ apiKey: async () => "key", headers: () => new Headers() });
await client.watchCvmState({
  ...request,
  retryDelay: (attempt, error) => (error instanceof RequestError ? 1 : attempt),
});
await client.watchCvmState({ ...request, retryDelay: exponentialBackoff({ base: 500, jitter: 1 }) });

// The one-shot read.
const present: CvmState = await client.getCvmState({ name: "my-app" }, { signal: controller.signal });
await getCvmState(client, { id: present.status, timeout: 10 });

// @ts-expect-error: a key is a string
createClient({ apiKey: async () => 7 });
// @ts-expect-error: a delay is a number
await client.watchCvmState({ ...request, retryDelay: async () => 5 });
// @ts-expect-error: no CVM
await client.getCvmState({});

// @ts-expect-error: no target
await client.watchCvmState({ id: "my-app" });
// @ts-expect-error: no CVM
await client.watchCvmState({ target: "running" });
// @ts-expect-error: a number is wanted
await client.watchCvmState({ id: "my-app", target: "running", interval: "5" });
// @ts-expect-error: no such field
await client.watchCvmState({ id: "my-app", target: "running", maxRetry: 5 });
// @ts-expect-error: no such transport
createClient({ transport: "websocket" });
// @ts-expect-error: not a client
await watchCvmState({}, request);

// Events are told apart by `type`.
function onEvent(event: WatchEvent): string | number | undefined {
  const attempt: number = event.attempt;
  const retryIn: number | undefined = event.retryIn;
  switch (event.type) {
    case "state": {
      const status: string = event.status;
      const uptime: string | null | undefined = event.uptime;
      const whole: CvmState = event.data;
      // @ts-expect-error: a state has no error
      event.error;
      return `${status} ${uptime} ${whole["a field of tomorrow"]}`;
    }
    case "complete":
      return event.elapsed ?? event.data.elapsed;
    case "timeout":
      return event.target ?? retryIn;
    case "error": {
      const error: string | undefined = event.error;
      // @ts-expect-error: an error has no uptime
      event.uptime;
      return `${error} ${event.message} ${attempt}`;
    }
    default: {
      const nothingElse: never = event;
      return nothingElse;
    }
  }
}

// Errors are told apart by `instanceof`.
export function explain(error: unknown): string {
  if (error instanceof ValidationError) {
    const fields: readonly FieldError[] = error.validationErrors;
    return fields.map(({ field, message }) => `${field} ${message}`).join();
  }
  if (error instanceof RequestError) {
    const status: number = error.status;
    const detail: unknown = error.detail;
    return `${status} ${detail}`;
  }
  if (error instanceof MaxRetriesExceededError) {
    const cause: Error = error.cause;
    return cause.message;
  }
  if (error instanceof WatchError) {
    const attempts: number = error.attempts;
    const last: CvmState | undefined = error.lastState;
    // @ts-expect-error: only a RequestError has one
    error.status;
    return `${attempts} ${last?.status}`;
  }
  return String(error);
}

// @ts-expect-error: only the package makes its errors
new ValidationError("x");
