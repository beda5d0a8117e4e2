import { check } from "./src/check.js";

export default {
  async fetch(request) {
    return Response.json(await check(new URL(request.url).searchParams.get("baseURL")));
  },
};
