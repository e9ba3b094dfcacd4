/** The rows that a window shows, with some above and below, of rows that all have one height. */
export function visibleRows(fields: { scrollTop: number; height: number; rowHeight: number; rows: number; spare: number }): {
  first: number;
  last: number;
} {
  const { scrollTop, height, rowHeight, rows, spare } = fields;
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare);
  const last = Math.min(rows - 1, Math.ceil((scrollTop + height) / rowHeight) + spare);
  return { first: Math.min(first, Math.max(0, rows - 1)), last };
}
