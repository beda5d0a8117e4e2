// The rules for dependencies: their licences, and that they come from the public registries. A part of the lint.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fail, output, root } from "./shell.js";

/** All permissive, and all for code that is at most linked. */
const LICENSES = new Set([
  "0BSD",
  "Apache-2.0",
  "Apache-2.0 WITH LLVM-exception",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BSL-1.0",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "Unicode-3.0",
  "Unlicense",
  "Zlib",
]);

const CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index";

export function checkDependencies() {
  const faults = [...crates(), ...npmPackages()].flatMap(({ name, license, isKnown }) => [
    ...(isAllowed(license) ? [] : [`${name} is under the licence ${license}`]),
    ...(isKnown ? [] : [`${name} does not come from the public registry`]),
  ]);
  if (faults.length > 0) fail(`scripts/dependencies.js does not allow these dependencies:\n  ${faults.join("\n  ")}`);
}

function crates() {
  const metadata = output("cargo", "metadata", "--format-version", "1", "--locked");
  if (metadata === undefined) fail("`cargo metadata` has failed");
  const { packages, workspace_members } = JSON.parse(metadata);
  return packages
    .filter(({ id }) => !workspace_members.includes(id))
    .map(({ name, license, source }) => ({ name: `the crate ${name}`, license, isKnown: source === CRATES_IO }));
}

/** Those of the project itself; the lock files of the examples and tests are for their own. */
function npmPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return (
    Object.entries(packages)
      .filter(([path]) => path.startsWith("node_modules/"))
      // Its licence, MPL-2.0, asks nothing of what is only tested with it.
      .filter(([path]) => path !== "node_modules/axe-core")
      .map(([path, { license, integrity, resolved }]) => {
        // Without an address it is whatever registry npm is set up for that answers, and the hash says that it is the same.
        const isKnown = integrity?.startsWith("sha512-") && resolved === undefined;
        return { name: `the npm package ${path.replace(/.*node_modules\//, "")}`, license, isKnown };
      })
  );
}

/** Of each part, one of the alternatives must be allowed: `MIT OR Apache-2.0`, `(MIT OR Apache-2.0) AND Unicode-3.0`. */
function isAllowed(license = "none") {
  const parts = license.split(" AND ").map((part) => part.replace(/^\(|\)$/g, ""));
  return parts.every((part) => part.split(/ OR | ?\/ ?/).some((one) => LICENSES.has(one)));
}
