export const median = (values) => quantile(values, 0.5);

/** A quantile: the value that this share of the values does not exceed, interpolated between two neighbours. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  // Infinite neighbours have no difference.
  return below === above ? below : below + (above - below) * (at % 1);
}
