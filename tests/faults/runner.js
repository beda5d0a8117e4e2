// Runs faults in one engine, over both transports.

import { check, expectation } from "./check.js";
import { play } from "./page.js";
import { openPlace } from "./place.js";

/** A browser opens six connections to an origin; one is left for the reads. */
const PLAYERS = 5;

/** Runs faults, and calls `report(fault, transport, error)` for each; there is no error if all is well. */
export async function runEngine(engine, faults, report) {
  const place = await openPlace(engine);
  try {
    await place.openPage();
    const cases = faults.filter(isCase);
    const together = cases.filter(({ alone }) => !alone);
    await runCases(place, together, report);
    for (const fault of cases.filter(({ alone }) => alone)) {
      for (const transport of fault.transports) {
        await place.openPage();
        await runCases(place, [{ ...fault, transports: [transport] }], report);
      }
    }
    for (const situation of faults.filter((fault) => !isCase(fault) && !fault.unable?.(engine))) {
      await runSituation(place, situation, report);
    }
  } finally {
    await place.close();
  }
}

/** Faults are played by the simulator, or caused by code. */
const isCase = (fault) => !("run" in fault);

/** All at once, in the page's own order: WebDriver does one thing at a time. */
async function runCases(place, cases, report) {
  const plays = [];
  // The slow ones begin first, so that the others run meanwhile.
  for (const fault of cases.toSorted((a, b) => Boolean(b.slow) - Boolean(a.slow))) {
    for (const transport of fault.transports) plays.push(await prepare(place, fault, transport));
  }
  const watches = plays.map(({ request, config }) => ({ request, config }));
  const outcomes = await place.browser.run(play, watches, PLAYERS);
  for (const [i, { fault, transport, id, site }] of plays.entries()) {
    await reportOn(report, fault, transport, async () => {
      check(expectation(fault, transport, place.engine), outcomes[i], await witness(place, site, id));
    });
  }
}

let lastId = 0;

/** Gives the servers their scripts, and says which watch is to be made. */
async function prepare(place, fault, transport) {
  const { simulator, other, nobody } = place;
  const id = `fault-${++lastId}`;
  const site = { other, nobody }[fault.at] ?? simulator;
  const steps = (answers = []) => (typeof answers === "function" ? answers({ id, other }) : answers);
  if (site !== nobody) await place.script(id, { streams: steps(fault.streams), reads: steps(fault.reads) }, site);
  if (fault.conditions) await site.call("PUT", `cvms/${id}/conditions`, fault.conditions);
  if (fault.elsewhere) await place.script(id, fault.elsewhere, other);
  const request = { id, target: "running", maxRetries: 1, retryDelay: 50, timeout: 300, ...fault.request };
  const config = { transport, baseURL: `${site.origin}/api/v1`, maxStreams: PLAYERS, ...fault.config };
  return { fault, transport, id, site, request, config };
}

/** What the servers saw of a watch, once none of its connections is open. */
async function witness({ other, nobody }, site, id) {
  const log = site === nobody ? [] : await site.closed(id);
  const [streams, reads] = ["stream", "read"].map((kind) => log.filter((request) => request.kind === kind));
  return { streams, reads, elsewhere: site === other ? [] : await other.closed(id) };
}

async function runSituation(place, situation, report) {
  const cleanUps = [];
  let verify;
  try {
    place.transports = situation.transports;
    // A page whose stream was refused opens none for half a minute.
    await place.openPage();
    place.later = (action) => cleanUps.push(action);
    verify = await situation.run(place);
  } catch (error) {
    verify = () => Promise.reject(error);
  }
  for (const transport of situation.transports) await reportOn(report, situation, transport, () => verify(transport));
  for (const action of cleanUps) await action();
}

async function reportOn(report, fault, transport, verify) {
  try {
    await verify();
    report(fault, transport);
  } catch (error) {
    report(fault, transport, error);
  }
}
