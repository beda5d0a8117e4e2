// A library: one file, which holds its assets.

export default { build: { lib: { entry: "src/page.js", formats: ["es"], fileName: "page" } } };
