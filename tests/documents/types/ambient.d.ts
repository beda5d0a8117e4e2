// biome-ignore-all lint/suspicious/noExplicitAny: these types are not under test

// Declarations that the blocks of the documents need. Other packages are declared by their names alone: ours is under test.

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
