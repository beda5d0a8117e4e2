// A mocked API, by MSW, in a test of Vitest. No server is there.

import { writeFileSync } from "node:fs";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { check } from "./src/check.js";

const frame = (event, data) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A body that tells some events; it stays open unless the last one is `complete`. */
function events(...frames) {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const text of frames) controller.enqueue(encoder.encode(text));
      if (frames.at(-1).includes("complete")) controller.close();
    },
  });
}

const STREAMS = {
  "my-app": () =>
    events(
      frame("state", { status: "starting" }),
      frame("state", { status: "running" }),
      frame("complete", { status: "running" }),
    ),
  "my-database": () => events(frame("state", { status: "running" })),
};

const server = setupServer(
  http.get("https://api.example/api/v1/cvms/:id/state", ({ params, request }) => {
    if (!new URL(request.url).searchParams.has("target")) return HttpResponse.json({ status: "running" });
    return new HttpResponse(STREAMS[params.id](), { headers: { "Content-Type": "text/event-stream" } });
  }),
);
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterAll(() => server.close());

test("waits, and gives up", async () => {
  const outcome = await check("https://api.example/api/v1");
  expect(outcome.givenUp).toBe("the watch was cancelled");
  writeFileSync("outcome.json", JSON.stringify(outcome));
}, 30_000);
