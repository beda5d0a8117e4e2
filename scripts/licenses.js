// The licence texts of what is compiled into the WebAssembly module, and into the JavaScript around it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail, output } from "./shell.js";

/** Crates that are published without a text, and the one of their licences that stands here for all. */
const WITHOUT_TEXT = { rlsf: "Apache-2.0" };
const IS_TEXT = /^(licen[cs]e|copying|copyright|unlicense|notice)/i;

/** One document: who made what, under which licence, and every text once. */
export function thirdPartyLicenses() {
  const works = [standardLibrary(), ...linkedCrates().map(described)];
  const texts = [...new Set(works.flatMap(({ texts }) => texts))];
  const number = (text) => `[${texts.indexOf(text) + 1}]`;
  return [
    "cvm-watch contains parts of these works. The numbers are those of the texts below.\n",
    ...works.map(({ title, license, texts }) => `${title}: ${license} ${texts.map(number).join(" ")}`),
    ...texts.map((text) => `\n${"-".repeat(80)}\n${number(text)}\n\n${text}`),
    "",
  ].join("\n");
}

/** The crates that cargo links for the browser: no macros, no build scripts, no tests. */
function linkedCrates() {
  const args = ["--format-version", "1", "--locked", "--filter-platform", "wasm32-unknown-unknown"];
  const { packages, resolve } = JSON.parse(output("cargo", "metadata", ...args) ?? fail("cargo metadata has failed"));
  const own = packages.find(({ name }) => name === "cvm-watch").id;
  const dependencies = ({ deps }) => deps.filter(({ dep_kinds }) => dep_kinds.some(({ kind }) => kind === null));
  const isLinked = ({ targets }) => targets.every(({ kind }) => !kind.includes("proc-macro"));
  const linked = new Set();
  const visit = (id) => {
    if (linked.has(id) || !isLinked(packages.find((crate) => crate.id === id))) return;
    linked.add(id);
    for (const { pkg } of dependencies(resolve.nodes.find((node) => node.id === id))) visit(pkg);
  };
  visit(own);
  return packages.filter(({ id }) => id !== own && linked.has(id));
}

function described({ name, version, license, manifest_path }) {
  const folder = dirname(manifest_path);
  const files = readdirSync(folder).filter((file) => IS_TEXT.test(file));
  const texts = files.map((file) => readText(join(folder, file)));
  if (name in WITHOUT_TEXT) texts.push(rustText(WITHOUT_TEXT[name]));
  if (texts.length === 0) fail(`the crate ${name} ${version} (${license}) comes without a licence text`);
  return { title: `${name} ${version}`, license, texts };
}

/** Parts of Rust's own library, `core` and `alloc`, are compiled in as well. */
const standardLibrary = () => ({
  title: `The standard library of Rust ${output("rustc", "--version").split(" ")[1]} (core and alloc)`,
  license: "MIT OR Apache-2.0, Unicode-3.0 for its tables of characters",
  texts: ["Apache-2.0", "Unicode-3.0"].map(rustText),
});

/** A text that comes with Rust. */
function rustText(license) {
  const file = join(output("rustc", "--print", "sysroot"), "share/doc/rust/licenses", `${license}.txt`);
  return existsSync(file) ? readText(file) : fail(`${file} is missing: install Rust from https://rustup.rs`);
}

const readText = (file) => readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim();
