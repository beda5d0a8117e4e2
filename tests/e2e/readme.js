// The examples of README's first recipe, to be run as they stand.

import { readme } from "../documents/blocks.js";

/** Waits for a boot; cancels a watch. */
export const [boot, cancel] = readme("Show progress, cancel");
