// The suite in workerd: GET /?origin=… runs it and answers with the results.

import * as api from "cvm-watch";
import { runSuite } from "suite";

export default {
  async fetch(request) {
    const origin = new URL(request.url).searchParams.get("origin");
    // This is why "auto" prefers fetch here.
    const reason = "workerd's EventSource loses characters that are split across chunks";
    const without = { "decodes what comes in pieces (eventsource)": reason };
    return Response.json(await runSuite({ api, origin, without }));
  },
};
