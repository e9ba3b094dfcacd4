/** Writes rows as CSV (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe. */
export function csvOf(rows: (string | number | null)[][]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Offers a text or bytes as a download. */
export function download(content: Blob, filename: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
  // The browser reads the URL at the click; keep it a moment for those that ask first.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
