import { useWatchCvmState } from "cvm-watch/react";
import { useEffect } from "react";
import { requests } from "./requests.js";

/** Aborts a watch that the page has too. The page sees it only if both have the same instance of the entry. */
export default function Abort({ client }) {
  const { abort } = useWatchCvmState(client, requests.database);
  useEffect(abort, [abort]);
  return null;
}
