import process from "node:process";
import { check } from "../../src/check";

// Nothing here says that the page is dynamic: Next finds out from the first request, while it builds.
export default async function Page() {
  return <pre id="outcome">{JSON.stringify(await check(process.env.API_URL))}</pre>;
}
