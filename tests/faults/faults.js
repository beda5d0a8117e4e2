// Every fault.

import { cases } from "./cases.js";
import { situations } from "./situations.js";

export const TRANSPORTS = ["eventsource", "fetch"];
export const faults = [...cases, ...situations].map((fault) => ({ transports: TRANSPORTS, ...fault }));
