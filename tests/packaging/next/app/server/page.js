import { check } from "../../src/check";

export default async function Page({ searchParams }) {
  const { baseURL } = await searchParams;
  return <pre id="outcome">{JSON.stringify(await check(baseURL))}</pre>;
}
