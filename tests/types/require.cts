// A CommonJS module requires the package.

import inlined = require("cvm-watch");
import fetching = require("cvm-watch/url");

export const error: inlined.WatchError | undefined = undefined;
export const client: inlined.Client = fetching.createClient();
// @ts-expect-error: no target
client.watchCvmState({ id: "my-app" });
