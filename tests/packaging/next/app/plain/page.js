import process from "node:process";

/** What the page that awaits a watch is compared with. */
export default async function Page() {
  const url = `${process.env.API_URL}/cvms/my-app/state`;
  const answer = await fetch(url, { cache: "no-store", headers: { accept: "application/json" } });
  return <pre id="outcome">{JSON.stringify(await answer.json())}</pre>;
}
