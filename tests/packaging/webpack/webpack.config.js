// The frameworks are not minified: that would take four times as long as everything else.
const views = { react: "./src/react.js", vue: "./src/vue.js" };

module.exports = [{ entry: "./src/page.js" }, { entry: views, optimization: { minimize: false } }];
