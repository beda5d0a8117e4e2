/** Replaces Node's crypto, which `@phala/cloud` imports; watching calls none of it. */
export default {};
