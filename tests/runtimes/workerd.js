// The suite in workerd: GET /?origin=… runs it and answers with the results.

import * as api from "cvm-watch";
import { runSuite } from "suite";

export default {
  async fetch(request) {
    const origin = new URL(request.url).searchParams.get("origin");
    // Its own EventSource stumbles over them, which is why "auto" prefers fetch here.
    const without = ["decodes what comes in pieces (eventsource)"];
    return Response.json(await runSuite({ api, origin, without }));
  },
};
