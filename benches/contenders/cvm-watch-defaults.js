import { createClient } from "../../pkg/index.js";

const client = createClient({ baseURL: "/api/v1" });

/** Ours as a page has it that chooses nothing: its own transport, limit of streams, and retries. */
export const watch = ({ id, target }, options) => client.watchCvmState({ id, target }, options);
