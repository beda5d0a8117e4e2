// `npm run test:reproducible`: packs a copy of this checkout, in another folder and from nothing; each byte must be the same.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setUpBuild } from "./setup.js";
import { fail, npm, output, root, step, tools } from "./shell.js";

const tarballs = "target/packed";
const copy = mkdtempSync(join(tmpdir(), "cvm-watch-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));

await setUpBuild();
copyCheckout();
for (const [title, folder] of [
  ["packing this folder", root],
  ["packing a copy of it, where nothing is compiled yet (a minute or two)", copy],
]) {
  mkdirSync(join(folder, tarballs), { recursive: true });
  await step(title, () => npm(["pack", "--pack-destination", tarballs], { cwd: folder, quiet: true }));
}
const files = ["pkg", tarballs].flatMap((folder) =>
  readdirSync(join(copy, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(copy, join(entry.parentPath, entry.name))),
);
const differing = files.filter((file) => !readFileSync(join(root, file)).equals(readFileSync(join(copy, file))));
if (differing.length > 0) fail(`not the same twice: ${differing.join(", ")}`);
console.log(`the same twice: ${files.join(", ")}`);

/** Copies the project's own files. Tools that take minutes to compile, and npm's packages, are shared. */
function copyCheckout() {
  const listed =
    output("git", "ls-files", "--cached", "--others", "--exclude-standard") ?? fail("this is no git checkout");
  for (const file of listed.split("\n").filter((file) => existsSync(join(root, file)))) {
    cpSync(join(root, file), join(copy, file));
  }
  mkdirSync(join(copy, "target"));
  symlinkSync(tools, join(copy, "target/tools"), "junction");
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
}
