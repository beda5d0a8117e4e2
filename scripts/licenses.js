// The licence texts of what is compiled into the WebAssembly module, and into the JavaScript around it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail, output } from "./shell.js";

/** Crates that are published without a licence text, and which of their licences is listed for them. */
const WITHOUT_TEXT = { "gloo-timers": "Apache-2.0", rlsf: "Apache-2.0" };
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
  const tree = ["--target", "wasm32-unknown-unknown", "--edges", "normal,no-proc-macro", "--prefix", "none"];
  const linked = cargo("tree", "--package", "cvm-watch", ...tree, "--format", "{p}").split("\n");
  const { packages } = JSON.parse(cargo("metadata", "--format-version", "1"));
  const isLinked = ({ name, version }) => linked.some((line) => `${line} `.startsWith(`${name} v${version} `));
  return packages.filter((crate) => crate.name !== "cvm-watch" && isLinked(crate));
}

const cargo = (...args) => output("cargo", ...args, "--locked") ?? fail(`cargo ${args[0]} has failed`);

function described({ name, version, license, manifest_path }) {
  const folder = dirname(manifest_path);
  const files = readdirSync(folder).filter((file) => IS_TEXT.test(file));
  const texts = files.map((file) => readText(join(folder, file)));
  if (name in WITHOUT_TEXT) texts.push(rustText(WITHOUT_TEXT[name]));
  if (texts.length === 0) fail(`the crate ${name} ${version} (${license}) comes without a licence text`);
  return { title: `${name} ${version}`, license, texts };
}

/** Parts of Rust's own library are compiled in as well. */
const standardLibrary = () => ({
  title: `The standard library of Rust ${output("rustc", "--version").split(" ")[1]} (core, alloc and std)`,
  license: "MIT OR Apache-2.0, Unicode-3.0 for its tables of characters",
  texts: ["Apache-2.0", "Unicode-3.0"].map(rustText),
});

/** A text that comes with Rust. */
function rustText(license) {
  const file = join(output("rustc", "--print", "sysroot"), "share/doc/rust/licenses", `${license}.txt`);
  return existsSync(file) ? readText(file) : fail(`${file} is missing: install Rust from https://rustup.rs`);
}

const readText = (file) => readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim();
