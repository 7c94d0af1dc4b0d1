/** What docs/judge-figures.md is made with. */
export const defaults = { runs: 2_000, seed: 20_261_126 } as const
