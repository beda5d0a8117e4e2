import { ClientViews } from "../../src/views";

export default async function Page({ searchParams }) {
  const { baseURL } = await searchParams;
  return <ClientViews baseURL={baseURL} />;
}
