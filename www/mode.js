import { ask, reason } from "./control.js";
import { byId, say } from "./elements.js";

/**
 * Asks which API the server offers, and shows the answer in the page's header.
 *
 * @returns {Promise<{ simulated: boolean, cvms: string[] }>} the CVMs that a simulated API has
 */
export async function showMode() {
  const badge = byId("mode");
  const show = (mode, text) => {
    badge.dataset.mode = mode;
    say(badge, text);
  };
  try {
    const { mode, cvms = [] } = await ask("info");
    const simulated = mode === "simulated";
    show(simulated ? "simulated" : "upstream", simulated ? "Simulated API" : "Real API");
    return { simulated, cvms };
  } catch (error) {
    show("unknown", `No API: ${reason(error)}`);
    return { simulated: false, cvms: [] };
  }
}
