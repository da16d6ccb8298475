/** What the author has chosen on the canvas. */

export interface Selection {
  readonly steps: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}

export const NOTHING: Selection = { steps: new Set(), edges: new Set() };
