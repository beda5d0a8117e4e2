// A loop over states with `await using`, where the compiler's library knows it.

import { createClient } from "cvm-watch";

await using loop = createClient().cvmStates({ id: "my-app" })[Symbol.asyncIterator]();
for await (const { status } of loop) console.log(status);
