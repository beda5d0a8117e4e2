// The faults that no script can play: what happens to the server's process, the network, the page or the machine.
//
// `run` causes the fault, once for all its transports, and gives a function that asserts the expected result for each of
// them. `comes` describes that result, `unable` says why an engine cannot be driven there, and `but` how an engine differs.

import assert from "node:assert/strict";
import { kill } from "node:process";
import { complete, startSimulator, state, tells, wait } from "../e2e/simulator.js";
import { checkReached } from "./check.js";
import { crash, revive, startMortal } from "./mortal.js";

const fine = [state("running"), complete()];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A CVM that runs, except while a script answers for it. A read that follows a refused EventSource tells the same. */
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
  comes: "reads, has a stream when another watch of the page has ended, and resolves",
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
      await limited.call("PUT", `cvms/${late}`, { status: "stopped" });
      await place.begin(late, transport, {}, limited);
      await place.heard(late, "state");
      await place.browser.abort(holding[0]);
      await limited.until(late, (requests) => requests.at(-1).kind === "stream" && requests.length > 1);
      await limited.call("POST", `cvms/${late}/start`);
      await place.reaches(late, /^state×\d+ complete$/);
      for (const name of holding) await place.browser.abort(name);
      for (const name of [...holding, late]) await limited.closed(name);
    };
  },
};

const fortyAtOnce = {
  name: "40 watches at once on one origin",
  slow: true,
  comes: "all resolve: never more than four have a stream, the others read in turn",
  run: async (place) => async (transport) => {
    const ids = Array.from({ length: 40 }, (_, n) => `crowd-${transport}-${n}`);
    const script = {
      streams: [[state("starting"), wait(2000), ...fine]],
      reads: [tells("starting"), tells("running")],
    };
    for (const id of ids) await place.script(id, script);
    await place.simulator.call("DELETE", "counters");
    const outcomes = await place.browser.run(
      (ids, transport) => {
        const watches = ids.map((id) => lab.begin({ id, target: "running" }, { transport }));
        return Promise.all(watches.map((watch) => watch.settled.then(() => lab.tell(watch))));
      },
      ids,
      transport,
    );
    // By a stream, by two reads, or by a read and the stream that follows it.
    for (const outcome of outcomes) checkReached(outcome, /^state×([23] complete|2)$/);
    for (const id of ids) await place.simulator.closed(id);
    const { streams, reads } = await place.simulator.call("GET", "counters");
    assert.ok(streams.mostOpen <= 4 && reads.mostOpen <= 2, JSON.stringify({ streams, reads }));
  },
};

const wallClockJumps = {
  name: "the wall clock jumps",
  slow: true,
  comes: "an hour ahead or back: it costs one read at most, and the watch goes on unchanged",
  async run(place) {
    const jumps = { ahead: 3_600_000, back: -3_600_000 };
    const name = (transport, jump) => `clock-${transport}-${jump}`;
    const outcomes = {};
    for (const [jump, ms] of Object.entries(jumps)) {
      for (const transport of place.transports) {
        // Longer than an interval, by whose timer it would be noticed.
        const streams = [[state("starting"), wait(6_000), state("starting"), "end"], fine];
        await place.script(name(transport, jump), { streams, reads: Array(9).fill(tells("starting")) });
        await place.begin(name(transport, jump), transport);
        await place.heard(name(transport, jump), "state");
      }
      await place.browser.run((ms) => {
        const { now } = Date;
        Date.now = () => now() + ms;
      }, ms);
      for (const transport of place.transports) {
        outcomes[name(transport, jump)] = await place.outcome(name(transport, jump));
      }
    }
    return async (transport) => {
      for (const jump of Object.keys(jumps)) {
        checkReached(outcomes[name(transport, jump)], /^state×2 error state complete$/);
        const requests = await place.simulator.closed(name(transport, jump));
        const reads = requests.filter(({ kind }) => kind === "read");
        assert.deepEqual([requests.length - reads.length, reads.length], [2, jump === "ahead" ? 1 : 0]);
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

const asleepForLong = {
  name: "the browser asleep, while the CVM's state moves on",
  slow: true,
  comes: "on waking it reads at once, or tries again at once, and resolves",
  unable: asleep.unable,
  async run(place) {
    const name = (transport, what) => `awake-${transport}-${what}`;
    const begins = {
      streaming: [{ streams: [[state("starting"), "hold"]], reads: [tells("running")] }, {}, "state"],
      retrying: [{ streams: [[state("starting"), "end"], fine] }, { retryDelay: 600_000 }, "error"],
      reading: [{ reads: [tells("starting"), tells("running")] }, { interval: 30 }, "state", { maxStreams: 0 }],
    };
    for (const transport of place.transports) {
      for (const [what, [script, request, heard, config]] of Object.entries(begins)) {
        await place.script(name(transport, what), script);
        await place.begin(name(transport, what), transport, request, undefined, config);
        await place.heard(name(transport, what), heard);
      }
    }
    // Ten seconds more than the longest interval, so that the timer of each watch fires so late.
    await sleep(place.browser.processes(), 42_000);
    return async (transport) => {
      await place.reaches(name(transport, "streaming"), /^state×2$/);
      await place.reaches(name(transport, "retrying"), /^state error state complete$/);
      await place.reaches(name(transport, "reading"), /^state×2$/);
      for (const what of Object.keys(begins)) {
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

const backByReads = {
  name: "back from the back/forward cache, while reading",
  comes: "a page that comes back as it was reads at once, and resolves",
  but: [
    {
      engines: ["firefox"],
      because: "Firefox, driven by WebDriver, did not keep this page; a new one has no watch.",
    },
  ],
  async run(place) {
    const { driver } = place.browser;
    const name = (transport) => `back-${transport}`;
    // Nothing is open while a watch waits for its next read, so an engine may keep the page.
    await place.openPage();
    for (const transport of place.transports) {
      await place.script(name(transport), { reads: [tells("starting"), tells("running")] });
      await place.begin(name(transport), transport, { interval: 30 }, undefined, { maxStreams: 0 });
      await place.heard(name(transport), "state");
    }
    await driver.get(`${place.other.origin}/simulator/blank`);
    await driver.navigate().back();
    const isBack = await place.browser.run(() => "lab" in globalThis);
    if (!isBack) await place.openPage();
    assert.ok(isBack || place.engine === "firefox", "the page was kept");
    return async (transport) => {
      if (!isBack) return;
      const [first, second] = await place.simulator.until(name(transport), (requests) => requests.length === 2);
      assert.ok(second.arrivedAt - first.arrivedAt < 25_000, "long before the interval is over");
      await place.reaches(name(transport), /^state×2$/);
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
    await whileOffline(place, async () => {
      await losesTheServer(place);
      for (const transport of place.transports) {
        // Chromium leaves alone what is open already.
        await place.simulator.call("POST", `cvms/${name(transport)}/faults/drop`);
        await place.heard(name(transport), "error", 3);
      }
    });
    return async (transport) => {
      await place.reaches(name(transport), /^state error×\d+ state complete$/);
      const requests = await place.simulator.closed(name(transport));
      assert.equal(requests.length, 2, "no request reaches the server while offline");
    };
  },
};

const onlineAgain = {
  name: "online again, while streaming and while waiting to retry",
  comes: "reads at once, or tries again at once, and resolves",
  unable: (engine) => engine !== "chromium" && "Nothing takes it offline from a server on its own machine.",
  async run(place) {
    const name = (transport, what) => `online-${transport}-${what}`;
    for (const transport of place.transports) {
      const streaming = { streams: [[state("starting"), "hold"]], reads: [tells("running")] };
      await place.script(name(transport, "streaming"), streaming);
      await place.begin(name(transport, "streaming"), transport);
      await place.heard(name(transport, "streaming"), "state");
      await place.script(name(transport, "retrying"), { streams: [[state("starting"), "end"], fine] });
      await place.begin(name(transport, "retrying"), transport, { retryDelay: 600_000 });
      await place.heard(name(transport, "retrying"), "error");
    }
    await whileOffline(place, () => losesTheServer(place));
    return async (transport) => {
      await place.reaches(name(transport, "streaming"), /^state×2$/);
      await place.reaches(name(transport, "retrying"), /^state error state complete$/);
      for (const what of ["streaming", "retrying"]) {
        assert.equal((await place.simulator.closed(name(transport, what))).length, 2);
      }
    };
  },
};

/** Takes the browser offline while something happens. */
async function whileOffline({ browser }, action) {
  const setOffline = (offline) =>
    browser.driver.setNetworkConditions({ offline, latency: 0, download_throughput: -1, upload_throughput: -1 });
  try {
    await setOffline(true);
    await action();
  } finally {
    await setOffline(false);
  }
}

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
  onlineAgain,
  hidden,
  awayAndBack,
  backByReads,
  wallClockJumps,
  asleep,
  asleepForLong,
];
