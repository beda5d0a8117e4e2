// The faults that no script can play: what happens to the server's process, the network, the page or the machine.
//
// `run` causes the fault, once for all its transports, and gives a function that asserts the expected result for each of
// them. `comes` describes that result, `unable` says why an engine cannot be driven there, and `but` how an engine differs.

import assert from "node:assert/strict";
import { kill } from "node:process";
import { complete, startSimulator, state, wait } from "../e2e/simulator.js";
import { checkReached } from "./check.js";
import { crash, revive, startMortal } from "./mortal.js";

const fine = [state("running"), complete()];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** It runs, but while there is a script for it. The one-shot read, if EventSource has it asked, tells so as well. */
const RUNNING = "my-database";

const killedInMidWatch = {
  name: "the server killed and restarted in mid-watch",
  comes: "retries until it is there again, and resolves",
  async run(place) {
    const first = await startMortal();
    await place.script(RUNNING, { streams: place.transports.map(() => [state("starting"), "hold"]) }, first);
    for (const transport of place.transports) {
      await place.begin(transport, transport, { id: RUNNING }, first);
      await place.heard(transport, "state");
    }
    await crash(first);
    for (const transport of place.transports) await place.heard(transport, "error");
    const second = await revive(first);
    place.later(() => second.stop());
    return async (transport) => {
      await place.reaches(transport, /^state error(×\d+)?( state complete)?$/);
      await second.closed(RUNNING);
    };
  },
};

const refusedAtFirst = {
  name: "refused at first, then well",
  comes: "retries until the server is there, and resolves",
  async run(place) {
    const first = await startMortal();
    await crash(first);
    for (const transport of place.transports) {
      await place.begin(transport, transport, { id: RUNNING }, first);
      await place.heard(transport, "error");
    }
    const second = await revive(first);
    place.later(() => second.stop());
    return (transport) => place.reaches(transport, /^error(×\d+)?( state complete)?$/);
  },
};

const fiveStreams = {
  name: "the limit of five streams reached",
  comes: "retries until another watch closes its stream, and resolves",
  async run(place) {
    const limited = await startSimulator("--streams-per-user", "5");
    place.later(() => limited.stop());
    return async (transport) => {
      const holding = [1, 2, 3, 4, 5].map((n) => `${transport}-${n}`);
      for (const name of holding) {
        await place.script(name, { streams: [["hold"]] }, limited);
        await place.begin(name, transport, {}, limited);
        await limited.until(name, (requests) => requests.length === 1);
      }
      const late = `${transport}-late`;
      await limited.call("PUT", `cvms/${late}`, { status: "stopped", startsWhenWatched: true });
      await place.begin(late, transport, {}, limited);
      await place.heard(late, "error");
      await place.browser.abort(holding[0]);
      await place.reaches(late, /^error(×\d+)? state×\d+ complete$/);
      for (const name of holding) await place.browser.abort(name);
      for (const name of [...holding, late]) await limited.closed(name);
    };
  },
};

const fortyAtOnce = {
  name: "40 watches at once on one origin",
  comes: "all resolve, each with one request; the seventh and later wait their turn",
  run: async (place) => async (transport) => {
    const ids = Array.from({ length: 40 }, (_, n) => `crowd-${transport}-${n}`);
    for (const id of ids) await place.script(id, { streams: [[state("starting"), wait(20), ...fine]] });
    const outcomes = await place.browser.run(
      (ids, transport) => {
        const watches = ids.map((id) => lab.begin({ id, target: "running" }, { transport }));
        return Promise.all(watches.map((watch) => watch.settled.then(() => lab.tell(watch))));
      },
      ids,
      transport,
    );
    for (const outcome of outcomes) checkReached(outcome, /^state×2 complete$/);
    for (const id of ids) assert.equal((await place.simulator.closed(id)).length, 1);
  },
};

const wallClockJumps = {
  name: "the wall clock jumps",
  comes: "an hour ahead or back: the watch goes on unchanged",
  async run(place) {
    const jumps = { ahead: 3_600_000, back: -3_600_000 };
    const name = (transport, jump) => `clock-${transport}-${jump}`;
    for (const [jump, ms] of Object.entries(jumps)) {
      for (const transport of place.transports) {
        await place.script(name(transport, jump), { streams: [[state("starting"), wait(300), "end"], fine] });
        await place.begin(name(transport, jump), transport);
        await place.heard(name(transport, jump), "state");
      }
      await place.browser.run((ms) => {
        const { now } = Date;
        Date.now = () => now() + ms;
      }, ms);
    }
    return async (transport) => {
      for (const jump of Object.keys(jumps)) {
        await place.reaches(name(transport, jump), /^state error state complete$/);
        assert.equal((await place.simulator.closed(name(transport, jump))).length, 2);
      }
    };
  },
};

const asleep = {
  name: "the browser asleep for longer than the timeout",
  slow: true,
  comes: "on waking, what is due happens once, be it a timeout or a retry; then it resolves",
  unable: () => process.platform !== "linux" && "Only Linux tells which processes a browser has.",
  async run(place) {
    const name = (transport, what) => `asleep-${transport}-${what}`;
    for (const transport of place.transports) {
      // Its time is up while asleep.
      await place.script(name(transport, "streaming"), { streams: [[state("starting"), "hold"], fine] });
      await place.begin(name(transport, "streaming"), transport, { timeout: 10 });
      await place.heard(name(transport, "streaming"), "state");
      // Its next attempt is due while asleep.
      await place.script(name(transport, "retrying"), { streams: [[state("starting"), "end"], fine] });
      await place.begin(name(transport, "retrying"), transport, { retryDelay: 10_000 });
      await place.heard(name(transport, "retrying"), "error");
    }
    await sleep(place.browser.processes(), 12_000);
    return async (transport) => {
      await place.reaches(name(transport, "streaming"), /^state timeout state complete$/);
      await place.reaches(name(transport, "retrying"), /^state error state complete$/);
      for (const what of ["streaming", "retrying"]) {
        assert.equal((await place.simulator.closed(name(transport, what))).length, 2);
      }
    };
  },
};

/** Stops processes for a while. */
async function sleep(processes, ms) {
  const signal = (name) => {
    for (const pid of processes) {
      try {
        kill(pid, name);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  signal("SIGSTOP");
  try {
    await pause(ms);
  } finally {
    signal("SIGCONT");
  }
}

const hidden = {
  name: "the page hidden",
  comes: "goes on in the background, retries there, and resolves there",
  async run(place) {
    const window = place.browser.driver.manage().window();
    await window.minimize();
    await becomes(place, "hidden");
    const name = (transport) => `hidden-${transport}`;
    for (const transport of place.transports) {
      const streams = [[state("starting"), wait(500), state("starting"), "end"], fine];
      await place.script(name(transport), { streams });
      await place.begin(name(transport), transport);
    }
    const outcomes = {};
    for (const transport of place.transports) outcomes[transport] = await place.outcome(name(transport));
    await becomes(place, "hidden");
    await window.setRect({ width: 1000, height: 700 });
    await becomes(place, "visible");
    return async (transport) => {
      checkReached(outcomes[transport], /^state×2 error state complete$/);
      assert.equal((await place.simulator.closed(name(transport))).length, 2);
    };
  },
};

/** Waits until the page is visible, or hidden. */
function becomes({ browser }, expected) {
  return browser.run(async (expected) => {
    for (const began = performance.now(); performance.now() - began < 30_000; await lab.within(50)) {
      if (document.visibilityState === expected) return;
    }
    throw new Error(`the page never became ${expected}`);
  }, expected);
}

const awayAndBack = {
  name: "navigated away and back (bfcache)",
  comes: "a page that comes back as it was goes on, and resolves",
  but: [
    { engines: ["chromium"], because: "Chromium leaves the connection open for as long as it keeps the page." },
    {
      engines: ["firefox"],
      because: "Firefox keeps no page that waits for an answer: leaving it closes the connection.",
    },
    { engines: ["webkit"], because: "WebKit closes the connection; the watch retries as soon as the page is back." },
  ],
  async run(place) {
    const { driver } = place.browser;
    const name = (transport) => `away-${transport}`;
    for (const transport of place.transports) {
      await place.script(name(transport), { streams: [[state("starting"), wait(4000), ...fine], fine] });
      await place.begin(name(transport), transport);
      await place.heard(name(transport), "state");
    }
    await driver.get(`${place.other.origin}/simulator/blank`);
    await driver.navigate().back();
    // A page that does not come back as it was is a new one, without a lab.
    const isBack = await place.browser.run(() => "lab" in globalThis);
    if (!isBack) await place.openPage();
    return async (transport) => {
      if (isBack) await place.reaches(name(transport), /^(state×2|state error state) complete$/);
      await place.simulator.closed(name(transport));
    };
  },
};

const offline = {
  name: "offline, and online again",
  comes: "retries until it is online again, and resolves",
  unable: (engine) =>
    engine !== "chromium" &&
    'It cannot be taken offline from a server on the same machine; "the server killed and restarted" tests nearly the same.',
  async run(place) {
    const name = (transport) => `offline-${transport}`;
    for (const transport of place.transports) {
      await place.script(name(transport), { streams: [[state("starting"), "hold"], fine] });
      await place.begin(name(transport), transport);
      await place.heard(name(transport), "state");
    }
    const { driver } = place.browser;
    const setOffline = (offline) =>
      driver.setNetworkConditions({ offline, latency: 0, download_throughput: -1, upload_throughput: -1 });
    try {
      await setOffline(true);
      await losesTheServer(place);
      for (const transport of place.transports) {
        // Chromium leaves alone what is open already.
        await place.simulator.call("POST", `cvms/${name(transport)}/faults/drop`);
        await place.heard(name(transport), "error", 3);
      }
    } finally {
      await setOffline(false);
    }
    return async (transport) => {
      await place.reaches(name(transport), /^state error×\d+ state complete$/);
      const requests = await place.simulator.closed(name(transport));
      assert.equal(requests.length, 2, "no request reaches the server while offline");
    };
  },
};

/** Waits until the page cannot reach its server any more. */
function losesTheServer({ browser }) {
  return browser.run(async () => {
    for (const began = performance.now(); performance.now() - began < 30_000; await lab.within(50)) {
      const isReached = await fetch("/simulator/blank").then(
        () => true,
        () => false,
      );
      if (!isReached) return;
    }
    throw new Error("the page is not offline");
  });
}

export const situations = [
  refusedAtFirst,
  killedInMidWatch,
  fiveStreams,
  fortyAtOnce,
  offline,
  hidden,
  awayAndBack,
  wallClockJumps,
  asleep,
];
