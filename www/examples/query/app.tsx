import {
  QueryClient,
  QueryClientProvider,
  queryOptions,
  experimental_streamedQuery as streamedQuery,
  useQuery,
} from "@tanstack/react-query";
import { type CvmState, createClient } from "cvm-watch";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onChoose } from "../choose.js";

const client = createClient({ baseURL: "/api/v1" });
const queries = new QueryClient();

/** The CVM's last state. It streams until no component shows it any more; retries are the client's own. */
const cvmQuery = (id: string) =>
  queryOptions({
    queryKey: ["cvm", id],
    queryFn: streamedQuery({
      streamFn: ({ signal }) => client.cvmStates({ id, signal }),
      reducer: (_last: CvmState | null, state: CvmState): CvmState | null => state,
      initialValue: null,
    }),
    retry: false,
  });

function Status({ id }: { id: string }) {
  const { data: state, error, fetchStatus } = useQuery(cvmQuery(id));
  return (
    <article className="cvm" data-phase={error ? "failed" : fetchStatus}>
      <h2>Now: {error ? error.name : (state?.status ?? "…")}</h2>
      <p>{error ? error.message : state?.uptime && `up ${state.uptime}`}</p>
    </article>
  );
}

const root = createRoot(document.getElementById("cvm") as HTMLElement);
onChoose((id) =>
  root.render(
    <StrictMode>
      <QueryClientProvider client={queries}>{id !== undefined && <Status id={id} />}</QueryClientProvider>
    </StrictMode>,
  ),
);
