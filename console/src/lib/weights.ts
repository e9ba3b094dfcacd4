/** The share that each weight has of all, 0 to 1. Weights that are no positive numbers have none. */
export function sharesOf(weights: number[]): number[] {
  const counted = weights.map((weight) => (Number.isFinite(weight) && weight > 0 ? weight : 0));
  const sum = counted.reduce((a, b) => a + b, 0);
  return counted.map((weight) => (sum === 0 ? 0 : weight / sum));
}

/** Whole percentages that add up to 100, as near to equal as they can be. The API takes up to 20 variants, so none is below 5. */
export function evenWeights(count: number): number[] {
  return Array.from({ length: count }, (_, at) => Math.floor((100 * (at + 1)) / count) - Math.floor((100 * at) / count));
}
