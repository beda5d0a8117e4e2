// Many CVMs on one page: 60 and 200, over HTTP/1.1 and HTTP/2, with and without the API's limit of five streams, and with
// answers that take 5 and 150 ms. Each change is known within the contract's bound, and the page's other requests do not wait.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "./browser.js";
import { startSimulator } from "./simulator.js";

let browser;

before(async () => {
  browser = await startBrowser("chromium", { acceptInsecureCerts: true });
});
after(() => browser?.stop());

/** Seconds that a busy machine may take besides. */
const SLACK = 2;
const INTERVAL = 5;

/** How long a change may remain unknown, in seconds, where so many watch. */
const bound = (size, delayMs) => Math.max(1.1 * INTERVAL, size / 10) + 1 + delayMs / 1000;

/** Each is an origin of its own, with connections and a budget of its own. So one page can try all of them at once. */
const SERVERS = [
  { delayMs: 5, limit: undefined },
  { delayMs: 5, limit: 5 },
  { delayMs: 150, limit: undefined },
  { delayMs: 150, limit: 5 },
];

/** In the page: watches the fleets of these origins, and sends other requests to each of them from time to time. */
async function watchFleets(origins, size) {
  const numbers = Array.from({ length: size }, (_, i) => String(i + 1).padStart(3, "0"));
  let isOver = false;
  lab.fleets = origins.map((origin) => {
    const client = api.createClient({ baseURL: `${origin}/api/v1`, transport: "eventsource" });
    const fleet = { learned: [], answers: [] };
    const watch = async (number) => {
      // When it has learnt of the change: the promise may wait for `complete` a second longer.
      const onEvent = ({ status }) => {
        if (status === "running") fleet.learned[Number(number) - 1] ??= Date.now();
      };
      await client.watchCvmState({ id: `fleet-${number}`, target: "running", onEvent });
    };
    const askNowAndThen = async () => {
      while (!isOver) {
        const began = performance.now();
        const response = await fetch(`${origin}/api/v1/cvms/my-database/state`, { cache: "no-store" });
        await response.json();
        fleet.answers.push(performance.now() - began);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    };
    const asking = askNowAndThen();
    fleet.settled = Promise.all(numbers.map(watch)).then(() => Date.now());
    fleet.over = asking;
    return fleet;
  });
  lab.end = async () => {
    const settled = await Promise.all(lab.fleets.map((fleet) => fleet.settled));
    isOver = true;
    await Promise.all(lab.fleets.map((fleet) => fleet.over));
    return lab.fleets.map(({ learned, answers }, i) => ({
      count: learned.filter(Boolean).length,
      last: Math.max(...learned),
      settled: settled[i],
      slowest: Math.max(...answers),
      asked: answers.length,
    }));
  };
}

for (const version of ["HTTP/1.1", "HTTP/2"]) {
  for (const size of [60, 200]) {
    test(`${size} CVMs over ${version}`, async () => {
      const servers = await Promise.all(
        SERVERS.map(({ limit }) => {
          const limits = limit ? ["--streams-per-user", String(limit)] : [];
          return startSimulator(...limits, ...(version === "HTTP/2" ? ["--tls"] : []));
        }),
      );
      try {
        for (const [i, server] of servers.entries()) {
          await server.call("PUT", "fleet", { size, each: { bootStepMs: 1 } });
          await server.call("PUT", "conditions", { delayMs: SERVERS[i].delayMs });
        }
        await browser.open(servers[0]);
        await browser.run(
          watchFleets,
          servers.map(({ origin }) => origin),
          size,
        );
        // All of them are on their way.
        await Promise.all(servers.map((server) => server.until(undefined, (requests) => requests.length > 20)));
        const changedAt = [];
        for (const server of servers) {
          await server.call("POST", "fleet/start");
          changedAt.push(Date.now());
        }
        const fleets = await browser.run(() => lab.end());
        for (const [i, { delayMs, limit }] of SERVERS.entries()) {
          const { count, last, settled, slowest, asked } = fleets[i];
          const what = `${delayMs} ms, ${limit ? `${limit} streams` : "no limit"}`;
          assert.equal(count, size, what);
          const took = (last - changedAt[i]) / 1000;
          assert.ok(took <= bound(size, delayMs) + SLACK, `${what}: learnt after ${took} s`);
          assert.ok((settled - last) / 1000 <= 1 + SLACK, `${what}: settled ${settled - last} ms later`);
          assert.ok(asked > 5 && slowest < 1000 + SERVERS[i].delayMs, `${what}: the page's own waited ${slowest} ms`);
          const { streams, reads } = await servers[i].call("GET", "counters");
          assert.ok(streams.mostOpen <= 4 && streams.refused === 0, `${what}: ${JSON.stringify(streams)}`);
          // One is the page's own.
          assert.ok(reads.mostOpen <= 3, `${what}: ${JSON.stringify(reads)}`);
          const [request] = await servers[i].requests();
          assert.equal(request.version, version === "HTTP/2" ? "HTTP/2.0" : version);
          console.log(
            `# ${what}: learnt after ${took.toFixed(1)} s, the page's own waited ${slowest.toFixed(0)} ms at most`,
          );
        }
      } finally {
        for (const server of servers) server.stop();
      }
    });
  }
}
