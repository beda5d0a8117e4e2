// As pages of older browsers have it: the polyfill goes before the browser's own.

import { EventSourcePolyfill } from "event-source-polyfill";

globalThis.EventSource = EventSourcePolyfill;
await import("./src/page.js");
