/** A span of time in Unix milliseconds, the end excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Documents of one slice: what is lost when a hunt is broken off, and what its progress is counted in. */
const DOCUMENTS_A_SLICE = 50_000;
const MAX_SLICES = 400;

/** Slices that so many documents are cut into, about 50,000 each. */
export function sliceCountOf(documents: number): number {
  return Math.max(1, Math.min(MAX_SLICES, Math.ceil(documents / DOCUMENTS_A_SLICE)));
}

/** Cuts a span into equal slices. */
export function timeSlices({ from, to }: Span, count: number): readonly Span[] {
  const slices = Math.max(1, Math.min(count, to - from));
  const edge = (index: number): number => (index === slices ? to : from + Math.floor(((to - from) * index) / slices));
  return Array.from({ length: slices }, (_, index) => ({ from: edge(index), to: edge(index + 1) }));
}
