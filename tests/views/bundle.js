// The programs of this folder as a page or Node can run them: with the framework's development build, newest or oldest.

import { join } from "node:path";
import { build } from "esbuild";
import { settings } from "../../scripts/examples.js";
import { root } from "../../scripts/shell.js";

/** The folders whose `node_modules` have the newest and the oldest version of each framework. */
const FOLDERS = { newest: "tests/views", oldest: "tests/views/oldest" };

/** Bundles a program; gives its text. */
export async function bundle(file, age, options) {
  const { outputFiles } = await build({
    ...settings,
    entryPoints: [join(import.meta.dirname, file)],
    plugins: [found(FOLDERS[age])],
    write: false,
    ...options,
  });
  return outputFiles[0].text;
}

/** For esbuild: all imports of the frameworks come from that folder, and the package is this project's own. */
const found = (folder) => ({
  name: `frameworks from ${folder}`,
  setup({ onResolve, resolve }) {
    const from = (filter, resolveDir) =>
      onResolve({ filter }, ({ path, kind, pluginData }) =>
        // Else this would be asked again.
        pluginData?.isAsked ? undefined : resolve(path, { kind, resolveDir, pluginData: { isAsked: true } }),
      );
    from(/^(react|react-dom|vue)(\/.*)?$/, join(root, folder));
    from(/^cvm-watch(\/.*)?$/, root);
  },
});
