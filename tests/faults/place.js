// Where faults happen: a browser with a page of one simulator's, another simulator, and an address where no server listens.

import { startBrowser } from "../e2e/browser.js";
import { startSimulator } from "../e2e/simulator.js";
import { checkReached } from "./check.js";
import { crash, startMortal } from "./mortal.js";
import { install } from "./page.js";

export async function openPlace(engine) {
  const browser = await startBrowser(engine);
  const [simulator, other, nobody] = await Promise.all([startSimulator(), startSimulator(), startMortal()]);
  await crash(nobody);
  return new Place({ engine, browser, simulator, other, nobody });
}

class Place {
  constructor(parts) {
    Object.assign(this, parts);
  }

  async openPage() {
    await this.browser.open(this.simulator);
    await this.browser.run(install);
  }

  close() {
    this.simulator.stop();
    this.other.stop();
    return this.browser.stop();
  }

  /** Gives a CVM its script. */
  script(id, script, simulator = this.simulator) {
    return simulator.call("PUT", `cvms/${id}/script`, script);
  }

  /** Begins a watch under a name, which is also the CVM's. */
  begin(name, transport, request, simulator = this.simulator, config = {}) {
    const patient = { id: name, target: "running", retryDelay: 200, timeout: 300, ...request };
    const baseURL = `${simulator.origin}/api/v1`;
    return this.browser.begin(name, patient, { transport, baseURL, maxStreams: 9, ...config });
  }

  /** Waits until a watch's callback has heard so many events of a type. */
  heard(name, type, times = 1) {
    return this.browser.run(
      async (name, type, times) => {
        const { events } = lab.watches[name];
        for (const began = performance.now(); performance.now() - began < 60_000; await lab.within(20)) {
          if (events.filter(({ event }) => event.type === type).length >= times) return;
        }
        throw new Error(`"${name}" never heard "${type}", only "${lab.inShort(events)}"`);
      },
      name,
      type,
      times,
    );
  }

  /** How a watch went, once it has settled. */
  outcome(name) {
    return this.browser.run((name) => lab.tell(lab.watches[name]), name);
  }

  /** Asserts that a watch reaches its target, and that its callback hears these events. */
  async reaches(name, events) {
    checkReached(await this.outcome(name), events);
  }
}
