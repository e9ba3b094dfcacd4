/** A line of an import's report. */
export interface ReportRow {
  row: number;
  line: number | null;
  file: string | null;
  outcome: 'invalid' | 'conflicting' | 'warned';
  column: string | null;
  value: string | null;
  cause: string;
}

/** The most rows that a page shows; the download has all. */
export const SHOWN_ROWS = 500;

/** The most lines of a report that are looked through for rows that were not loaded. */
const READ_LINES = 50_000;

/**
 * Reads the first rows of a report (JSON Lines), those that were not loaded before those with a mere warning: a thousand warnings must
 * not hide the one link that is missing. A last line that was cut is left out.
 */
export function readReport(text: string, most: number = SHOWN_ROWS): ReportRow[] {
  const lost: ReportRow[] = [];
  const warned: ReportRow[] = [];
  for (const line of text.split('\n', READ_LINES)) {
    if (lost.length === most) break;
    if (line.trim() === '') continue;
    try {
      const row = JSON.parse(line) as ReportRow;
      if (row.outcome !== 'warned') lost.push(row);
      else if (warned.length < most) warned.push(row);
    } catch {
      break;
    }
  }
  return [...lost, ...warned].slice(0, most);
}

/** The causes of a report, the most frequent first: what to put right at once for many rows. */
export function causesOf(rows: ReportRow[]): { outcome: string; column: string | null; cause: string; rows: number }[] {
  const causes = new Map<string, { outcome: string; column: string | null; cause: string; rows: number }>();
  for (const { outcome, column, cause } of rows) {
    const key = `${outcome}\n${column}\n${cause}`;
    const known = causes.get(key);
    if (known) known.rows += 1;
    else causes.set(key, { outcome, column, cause, rows: 1 });
  }
  return [...causes.values()].sort((a, b) => b.rows - a.rows);
}
