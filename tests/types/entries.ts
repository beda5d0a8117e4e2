// Both entries have the same types: what one makes, the other takes.

import * as inlined from "cvm-watch";
import * as fetching from "cvm-watch/url";

export const same: typeof inlined = fetching;
export const converse: typeof fetching = inlined;

await fetching.watchCvmState(inlined.createClient(), { id: "my-app", target: "running" });
// @ts-expect-error: no such export
fetching.init;
