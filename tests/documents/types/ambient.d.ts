// biome-ignore-all lint/suspicious/noExplicitAny: these types are not under test

// What stands around the blocks of the documents. Other people's packages are known by their names alone: here it is about ours.

declare module "@tanstack/react-query" {
  export const experimental_streamedQuery: any;
  export const useQuery: any;
}
declare module "undici" {
  export const fetch: any;
  export class ProxyAgent {
    constructor(address: string);
  }
}
declare module "vitest" {
  export const expect: any;
  export const test: (name: string, run: () => Promise<void>) => void;
}

declare function defineProps(names: string[]): any;
declare namespace JSX {
  interface IntrinsicElements {
    [name: string]: any;
  }
}

/** The caller's own. */
declare const ids: string[];
declare const props: { id: string };
declare function restart(id: string): Promise<void>;
