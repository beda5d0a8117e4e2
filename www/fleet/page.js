import { ask, cvmPath, reason } from "../control.js";
import { duration } from "../duration.js";
import { byId, say } from "../elements.js";
import { showMode } from "../mode.js";
import { Fleet } from "./fleet.js";
import { listenToArrowKeys } from "./keyboard.js";
import { Use } from "./use.js";

/** How many CVMs there are at first. */
const FIRST_SIZE = 60;

/** How long a boot step of theirs takes, in milliseconds: long enough to be seen by reads. */
const BOOT_STEP = 4000;

/** How each of them is made. */
const EACH = { bootStepMs: BOOT_STEP };

/** Whose boots fail, so that there is something to see. */
const BROKEN = "fleet-004";
const FAILS_AT = "setting up docker";

/** What is told when a button was pressed and is done. */
const DONE = { start: "running", stop: "stopped", restart: "running again" };

const status = (text) => say(byId("status"), text);

let fleet;
try {
  // Not a static import: if the package is missing, the page should say so instead of not working.
  const { bootFailed, bootProgress, createClient } = await import("/pkg/index.js");
  fleet = new Fleet({ client: createClient({ baseURL: "/api/v1" }), bootFailed, bootProgress });
} catch (error) {
  status(`The package did not load: ${reason(error)}`);
}
const { simulated, cvms } = await showMode();
if (fleet && simulated) begin(cvms.filter((cvm) => /^fleet-\d+$/.test(cvm)));
else if (fleet) status("This page needs the simulated API: run npm start without --upstream.");

/** @param {string[]} present - the fleet that is there already */
async function begin(present) {
  const use = new Use();
  byId("use").hidden = false;
  setInterval(() => {
    fleet.tick();
    use.look();
  }, 1000);
  listenToArrowKeys(byId("cvms"));
  listen();
  if (present.length) {
    fleet.show(present);
    choose(present.length);
    status("This fleet was here already.");
  } else {
    await resize(FIRST_SIZE);
  }
  for (const controls of ["size", "all"]) byId(controls).disabled = false;
}

function listen() {
  byId("size").addEventListener("change", ({ target }) => resize(Number(target.value)));
  byId("all").addEventListener("click", ({ target }) => {
    const { action } = target.dataset;
    if (action) act(target.textContent, action, () => fleet.actOnAll(action));
  });
  byId("cvms").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    const { action } = button.dataset;
    const { cvm } = button.closest("li").dataset;
    act(`${button.textContent} ${cvm}`, action, () => fleet.actOn(action, fleet.card(cvm)));
  });
}

/** Makes a new fleet, and shows it. */
async function resize(wanted) {
  choose(wanted);
  status(`Making ${wanted} CVMs…`);
  try {
    const { cvms } = await ask("fleet", { method: "PUT", body: { size: wanted, each: EACH } });
    await ask(cvmPath(BROKEN), { method: "PUT", body: { ...EACH, failAt: FAILS_AT } });
    fleet.show(cvms);
    status(`${wanted} CVMs, all stopped. Boots of ${BROKEN} fail while ${FAILS_AT}.`);
  } catch (error) {
    status(`No new fleet: ${reason(error)}`);
  }
}

function choose(wanted) {
  for (const input of byId("size").querySelectorAll("input")) input.checked = Number(input.value) === wanted;
}

/** Presses a button, and says what came of it. */
async function act(label, action, press) {
  const began = performance.now();
  status(`${label}…`);
  try {
    const ends = await press();
    const told = action === "fail" ? "the boot under way, or else the next one" : summary(action, ends);
    if (told) status(`${label}: ${told}${ends.length ? ` after ${duration(performance.now() - began)}` : ""}.`);
  } catch (error) {
    status(`${label}: ${reason(error)}.`);
  }
}

/** How the waiting ended. Where another button has taken its place, there is nothing to tell. */
function summary(action, ends) {
  const count = (name) => ends.filter((end) => end === name).length;
  const words = { reached: DONE[action], failed: "failed", late: "not yet" };
  return Object.keys(words)
    .filter((name) => count(name) > 0)
    .map((name) => `${count(name)} ${words[name]}`)
    .join(", ");
}
