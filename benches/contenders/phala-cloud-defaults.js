import { createClient, watchCvmState } from "@phala/cloud";

const client = createClient({ baseURL: "/api/v1" });

/** The published SDK as a page has it that chooses nothing: as many attempts as it takes, five seconds apart. */
export const watch = ({ id, target }, options) => watchCvmState(client, { id, target }, options);
