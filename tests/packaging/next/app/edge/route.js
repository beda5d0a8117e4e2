import { createClient } from "cvm-watch";
import { check } from "../../src/check";

export const runtime = "edge";

export async function GET(request) {
  const query = new URL(request.url).searchParams;
  const baseURL = query.get("baseURL");
  if (!query.has("id")) return Response.json(await check(baseURL));
  // It ends with the request: the client may disconnect.
  const { signal } = request;
  return Response.json(
    await createClient({ baseURL }).watchCvmState({ id: query.get("id"), target: "stopped", signal }),
  );
}
