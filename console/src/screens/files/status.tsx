import type { StoredFile } from '../../api/files';
import { filesText } from '../../text/files';

const TONES = { uploading: '', inspecting: 'warn', ready: 'good', blocked: 'bad', expired: 'bad' } as const;
export type Shown = keyof typeof TONES;

/** The state of a file as people see it: one that has expired is that above all, unless it is blocked. */
export function shownStatus({ status, expires_at }: Pick<StoredFile, 'status' | 'expires_at'>, now: number): Shown {
  if (status !== 'blocked' && expires_at && Date.parse(expires_at) <= now) return 'expired';
  return status;
}

export function FileStatus({ file }: { file: StoredFile }) {
  const shown = shownStatus(file, Date.now());
  return (
    <span class={`badge ${TONES[shown] ?? ''}`} title={file.blocked_reason ?? undefined}>
      {filesText.statuses[shown] ?? shown}
    </span>
  );
}
