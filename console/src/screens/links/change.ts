import { cache } from '../../api/cache';
import { api, body } from '../../api/client';
import type { LinkChange, NewLinkChange } from '../../api/types';
import { text } from '../../text';
import { toast, toastError } from '../../ui/toasts';

/** Waits between two looks at a job: short at first, since most end at once. */
const WAITS = [250, 400, 600, 1000, 1500, 2000];
/** The catalogue that searches read knows a change within two seconds. */
const CATALOGUE_MILLISECONDS = 2000;

/** Whether a job goes on by itself. */
export function isRunning(job: Pick<LinkChange, 'status'>): boolean {
  return job.status === 'waiting' || job.status === 'running';
}

/** Changes many links as a job, waits for it, and offers to take it back. Shows failures itself. */
export async function changeLinks(change: NewLinkChange): Promise<LinkChange | null> {
  try {
    const started = await body(
      api.POST('/v1/link-changes', {
        params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
        // The types of the schema refuse the `null` that `password` can be here; the console never sets it.
        body: change as never,
      }),
    );
    return await follow(started);
  } catch (error) {
    toastError(error);
    return null;
  }
}

/** Takes a change back, as a job of its own. */
export async function undoChange(id: string): Promise<LinkChange | null> {
  try {
    const started = await body(
      api.POST('/v1/link-changes/{id}/undo', { params: { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } } }),
    );
    return await follow(started);
  } catch (error) {
    toastError(error);
    return null;
  }
}

/** Watches a job to its end, tells how it ended, and brings the lists up to date. */
export async function follow(started: LinkChange): Promise<LinkChange> {
  let job = started;
  for (let round = 0; isRunning(job); round++) {
    if (round === WAITS.length) toast(text.changes.goesOn);
    await new Promise((resolve) => setTimeout(resolve, WAITS[Math.min(round, WAITS.length - 1)]));
    job = await body(api.GET('/v1/link-changes/{id}', { params: { path: { id: job.id } } }));
  }
  refreshLists();
  const { counts } = job;
  const problems = counts.failed + counts.conflicts;
  const message = job.error ?? text.changes.done(job.action, counts.changed, counts.unchanged, problems);
  const canUndo = job.action !== 'undo' && !job.dry_run && counts.changed > 0;
  toast(message, canUndo ? { label: text.actions.undo, run: () => void undoChange(job.id) } : undefined);
  return job;
}

/** Reads lists again, now and once the catalogue has caught up. */
export function refreshLists(): void {
  const refresh = () => {
    for (const key of ['links', 'tags', 'changes', 'link']) cache.invalidateQueries({ queryKey: [key] });
  };
  refresh();
  setTimeout(refresh, CATALOGUE_MILLISECONDS);
}
