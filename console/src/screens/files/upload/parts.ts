import type { FilePart, SignedUpload } from '../../../api/files';
import { Problem } from '../../../api/problem';

/** How many parts travel at once: enough to fill a line, few enough that little is lost where it breaks. */
export const PARTS_AT_ONCE = 3;
/** What is left of a signature that is not used any more: sending begins in time, even on a busy machine. */
const MARGIN_MILLISECONDS = 30_000;

/** What an upload in parts needs. */
export interface PartsPort {
  signal: AbortSignal;
  /** Lists some parts, with a signature for each that the bucket lacks. */
  list: (cursor: string | null, signal: AbortSignal) => Promise<{ items: FilePart[]; next_cursor?: string | null }>;
  /** Sends a part, and tells how many bytes of it were sent. Throws a `Problem` with status 403 if its signature has ended. */
  send: (part: FilePart, to: SignedUpload, onSent: (bytes: number) => void, signal: AbortSignal) => Promise<void>;
  /** Tells how many bytes the bucket has, and how many are on their way. */
  tell: (kept: number, flying: number) => void;
  now: () => number;
}

/** Sends all parts that the bucket lacks, several at once. Signatures that have ended are replaced by new ones. */
export async function sendParts(port: PartsPort): Promise<void> {
  const kept = new Map<number, number>();
  for (;;) {
    const { sent, ended } = await sendRound(port, kept);
    if (ended === 0) return;
    // A signature that is refused while it is new will not get better.
    if (sent === 0) throw new Problem({ status: 403, detail: '' });
  }
}

async function sendRound(port: PartsPort, kept: Map<number, number>): Promise<{ sent: number; ended: number }> {
  const stop = new AbortController();
  const signal = AbortSignal.any([port.signal, stop.signal]);
  const flying = new Map<number, number>();
  const counts = { sent: 0, ended: 0 };
  const tell = () => port.tell(sum(kept), sum(flying));

  let waiting: FilePart[] = [];
  let cursor: string | null | undefined = null;
  let listing: Promise<void> | null = null;
  const list = async () => {
    const page = await port.list(cursor ?? null, signal);
    for (const part of page.items.filter(({ upload }) => !upload)) kept.set(part.number, part.size);
    waiting = waiting.concat(page.items.filter(({ upload }) => upload));
    cursor = page.next_cursor ?? undefined;
    listing = null;
    tell();
  };
  const next = async (): Promise<FilePart | undefined> => {
    while (waiting.length === 0 && cursor !== undefined) {
      listing ??= list();
      await listing;
    }
    return waiting.shift();
  };

  const work = async () => {
    for (let part = await next(); part !== undefined; part = await next()) {
      const { number, size, upload } = part;
      if (!upload) continue;
      if (Date.parse(upload.expires_at) - MARGIN_MILLISECONDS < port.now()) {
        counts.ended++;
        continue;
      }
      try {
        await port.send(
          part,
          upload,
          (bytes) => {
            flying.set(number, Math.min(bytes, size));
            tell();
          },
          signal,
        );
        kept.set(number, size);
        counts.sent++;
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 403) throw error;
        counts.ended++;
      } finally {
        flying.delete(number);
      }
      tell();
    }
  };
  const failures: unknown[] = [];
  const guarded = () =>
    work().catch((error: unknown) => {
      // The first failure stops the others, whose aborts say nothing new.
      failures.push(error);
      stop.abort();
    });
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, guarded));
  port.signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return counts;
}

const sum = (sizes: Map<number, number>): number => [...sizes.values()].reduce((all, size) => all + size, 0);
