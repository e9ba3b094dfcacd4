import { describe, expect, it } from 'vitest';
import type { FilePart } from '../../src/api/files';
import { Problem } from '../../src/api/problem';
import { collectionOfTarget, fileOfTarget } from '../../src/lib/targets';
import { shownStatus } from '../../src/screens/files/status';
import { fittedName, mediaTypeOf } from '../../src/screens/files/upload/announce';
import { Pace, secondsLeft } from '../../src/screens/files/upload/pace';
import { type PartsPort, sendParts } from '../../src/screens/files/upload/parts';
import { isTemporary, type Patience, persist, TRIES, wait, waitAfter } from '../../src/screens/files/upload/persist';

const problem = (status: number, title = '') => new Problem({ status, title, detail: '' });

describe('a target', () => {
  const id = `fil_${'0'.repeat(31)}5`;
  it.each([
    [`https://files.invalid/${id}`, id],
    [`https://files.invalid/${id}/`, null],
    [`https://files.invalid/${id}?a=b`, null],
    [`https://x.files.invalid/${id}`, null],
    [`https://files.invalid/${id.toUpperCase()}`, null],
    ['https://files.invalid/', null],
    ['https://example.org/', null],
  ])('%s names %s', (target, file) => expect(fileOfTarget(target)).toBe(file));

  it('names a collection by its own prefix', () => {
    const collection = id.replace('fil_', 'col_');
    expect(collectionOfTarget(`https://files.invalid/${collection}`)).toBe(collection);
    expect(fileOfTarget(`https://files.invalid/${collection}`)).toBeNull();
    expect(collectionOfTarget(`https://files.invalid/${id}`)).toBeNull();
  });
});

describe('a name', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    [`${'a'.repeat(300)}.pdf`, `${'a'.repeat(251)}.pdf`],
    [`${'ü'.repeat(200)}.gz`, `${'ü'.repeat(126)}.gz`],
    ['🎬'.repeat(100), '🎬'.repeat(63)],
    [`.${'x'.repeat(300)}`, `.${'x'.repeat(254)}`],
    [`a.${'x'.repeat(300)}`, `a.${'x'.repeat(253)}`],
  ])('%# fits into 255 bytes', (name, fitted) => {
    expect(fittedName(name)).toBe(fitted);
    expect(new TextEncoder().encode(fittedName(name)).length).toBeLessThanOrEqual(255);
  });
});

describe('a media type', () => {
  it.each([
    ['text/html; charset=utf-8', 'text/html'],
    ['Image/SVG+XML', 'image/svg+xml'],
    ['', null],
    ['nonsense', null],
    ['text/html\r\nx: y', null],
    ['a/b c', null],
  ])('%j is %j', (told, type) => expect(mediaTypeOf(told)).toBe(type));
});

describe('the state of a file', () => {
  const now = Date.parse('2027-01-01T00:00:00Z');
  it.each([
    [{ status: 'ready', expires_at: '2027-01-01T00:00:00Z' }, 'expired'],
    [{ status: 'ready', expires_at: '2027-01-01T00:00:01Z' }, 'ready'],
    [{ status: 'ready', expires_at: null }, 'ready'],
    [{ status: 'blocked', expires_at: '2026-01-01T00:00:00Z' }, 'blocked'],
    [{ status: 'uploading', expires_at: '2026-01-01T00:00:00Z' }, 'expired'],
  ] as const)('%o is %s', (file, shown) => expect(shownStatus(file, now)).toBe(shown));
});

describe('the pace', () => {
  it('is that of the last seconds', () => {
    const pace = new Pace();
    expect(pace.speed).toBe(0);
    for (const [at, sent] of [
      [0, 0],
      [1000, 1000],
      [11_500, 2000],
      [12_500, 7000],
    ] as const)
      pace.note(at, sent);
    expect(pace.speed).toBe(5000);
  });

  it('does not count what is sent again', () => {
    const pace = new Pace();
    pace.note(0, 5000);
    pace.note(1000, 2000);
    pace.note(2000, 3000);
    expect(pace.speed).toBe(1000);
    pace.clear();
    expect(pace.speed).toBe(0);
  });

  it('tells the time that is left', () => {
    expect(secondsLeft(100, 50, 10)).toBe(5);
    expect(secondsLeft(100, 150, 10)).toBe(0);
    expect(secondsLeft(100, 50, 0)).toBe(null);
  });
});

describe('a request that fails', () => {
  const told: string[] = [];
  let waits: number[] = [];
  let connected = true;
  const patience = (signal = new AbortController().signal): Patience => {
    told.length = 0;
    waits = [];
    connected = true;
    return {
      signal,
      isOnline: () => connected,
      online: async () => {
        connected = true;
      },
      wait: async (milliseconds) => {
        waits.push(milliseconds);
      },
      tell: (how) => told.push(how),
    };
  };
  /** Fails with these errors, one after the other, and then succeeds. */
  const failing = (...errors: unknown[]) => {
    const left = [...errors];
    return async () => {
      const error = left.shift();
      if (error !== undefined) throw error;
      return 'done';
    };
  };

  it.each([
    [problem(0), true],
    [problem(408), true],
    [problem(429), true],
    [problem(500), true],
    [problem(503), true],
    [problem(400, 'RequestTimeout'), true],
    [problem(400, 'BadDigest'), false],
    [problem(403), false],
    [problem(404), false],
    [problem(409), false],
    [problem(412), false],
    [new Error('fault'), false],
  ])('is tried again if that may help: %o %s', (error, again) => expect(isTemporary(error)).toBe(again));

  it('succeeds in the end', async () => {
    expect(await persist(failing(problem(503), problem(0)), patience())).toBe('done');
    expect(told).toEqual(['trying', 'trying', 'fine']);
    expect(waits).toHaveLength(2);
  });

  it('is given up within bounds', async () => {
    const never = failing(...Array.from({ length: TRIES + 5 }, () => problem(503)));
    await expect(persist(never, patience())).rejects.toMatchObject({ status: 503 });
    expect(waits).toHaveLength(TRIES - 1);
  });

  it('is not repeated if it was refused', async () => {
    await expect(persist(failing(problem(403)), patience())).rejects.toMatchObject({ status: 403 });
    expect(waits).toEqual([]);
  });

  it('counts no try without a connection', async () => {
    const way = patience();
    const lost = Array.from({ length: TRIES * 3 }, () => problem(0));
    const request = failing(...lost);
    const answer = persist(async () => {
      connected = false;
      const done = await request();
      connected = true;
      return done;
    }, way);
    expect(await answer).toBe('done');
    expect(waits).toEqual([]);
    expect(told.filter((how) => how === 'offline')).toHaveLength(TRIES * 3);
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const request = async () => {
      stop.abort();
      throw problem(503);
    };
    await expect(persist(request, patience(stop.signal))).rejects.toMatchObject({ name: 'AbortError' });
    await expect(wait(1_000_000, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('waits longer each time, within bounds, and as long as it is asked to', () => {
    const longest = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((failures) => waitAfter(failures, problem(503), 1));
    expect(longest).toEqual([400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000, 20_000]);
    expect(waitAfter(0, problem(503), 0)).toBe(200);
    const asked = (seconds: number) => new Problem({ status: 429, detail: '', retryAfter: seconds });
    expect(waitAfter(0, asked(5), 0)).toBe(5000);
    expect(waitAfter(0, asked(3600), 0)).toBe(20_000);
  });
});

describe('an upload in parts', () => {
  const SIZE = 10;
  /** A bucket that has some parts, and an API that lists them in pages of four. */
  class Stack {
    has: Set<number>;
    sent: number[] = [];
    told: [number, number][] = [];
    /** What the next requests for a part fail with. */
    failures = new Map<number, unknown[]>();
    flying = 0;
    mostFlying = 0;
    lists = 0;
    signedFor = 3_600_000;
    readonly count: number;
    readonly stop = new AbortController();

    constructor(count: number, has: number[] = []) {
      this.count = count;
      this.has = new Set(has);
    }

    port(): PartsPort {
      return {
        signal: this.stop.signal,
        now: () => 0,
        list: async (cursor) => {
          this.lists++;
          const from = Number(cursor ?? 0);
          const numbers = Array.from({ length: Math.min(4, this.count - from) }, (_, at) => from + at + 1);
          return { items: numbers.map((number) => this.part(number)), next_cursor: from + 4 < this.count ? String(from + 4) : null };
        },
        send: async ({ number, size }, _, onSent, signal) => {
          this.mostFlying = Math.max(this.mostFlying, ++this.flying);
          try {
            await Promise.resolve();
            onSent(size / 2);
            signal.throwIfAborted();
            const failure = this.failures.get(number)?.shift();
            if (failure !== undefined) throw failure;
            this.has.add(number);
            this.sent.push(number);
          } finally {
            this.flying--;
          }
        },
        tell: (kept, flying) => this.told.push([kept, flying]),
      };
    }

    part(number: number): FilePart {
      const upload = {
        method: 'PUT',
        url: 'https://bucket.example/',
        headers: {},
        expires_at: new Date(this.signedFor).toISOString(),
      };
      return { number, offset: (number - 1) * SIZE, size: SIZE, upload: this.has.has(number) ? null : upload };
    }
  }

  it.each([
    [1, []],
    [4, []],
    [5, [1, 2, 3, 4]],
    [9, [2, 9]],
    [30, [1, 4, 30]],
    [7, [1, 2, 3, 4, 5, 6, 7]],
  ])('of %i parts, of which the bucket has %j, sends each other part once', async (count, has) => {
    const stack = new Stack(count, has);
    await sendParts(stack.port());
    const missing = Array.from({ length: count }, (_, at) => at + 1).filter((number) => !has.includes(number));
    expect([...stack.sent].sort((a, b) => a - b)).toEqual(missing);
    expect(stack.told.at(-1)).toEqual([count * SIZE, 0]);
    expect(stack.mostFlying).toBeLessThanOrEqual(3);
    expect(stack.told.every(([kept, flying]) => kept + flying <= count * SIZE)).toBe(true);
  });

  it('asks for new signatures where they have ended', async () => {
    const stack = new Stack(6);
    stack.failures.set(2, [problem(403)]);
    stack.failures.set(6, [problem(403), problem(403)]);
    // The second round sends the second part only, the third one the sixth.
    await sendParts(stack.port());
    expect(stack.has.size).toBe(6);
  });

  it('gives up where new signatures are refused, too', async () => {
    const stack = new Stack(3);
    for (const number of [1, 2, 3])
      stack.failures.set(
        number,
        Array.from({ length: 9 }, () => problem(403)),
      );
    await expect(sendParts(stack.port())).rejects.toMatchObject({ status: 403 });
    expect(stack.lists).toBe(1);
  });

  it('does not use a signature that is about to end', async () => {
    const stack = new Stack(3);
    stack.signedFor = 20_000;
    await expect(sendParts(stack.port())).rejects.toMatchObject({ status: 403 });
    expect(stack.sent).toEqual([]);
  });

  it('ends with the first failure, and nothing flies on', async () => {
    const stack = new Stack(20);
    stack.failures.set(5, [problem(400, 'EntityTooLarge')]);
    await expect(sendParts(stack.port())).rejects.toMatchObject({ title: 'EntityTooLarge' });
    expect(stack.flying).toBe(0);
    expect(stack.sent.length).toBeLessThan(20);
  });

  it('ends with its signal', async () => {
    const stack = new Stack(20);
    const port = stack.port();
    const upload = sendParts({ ...port, tell: (kept) => kept >= 3 * SIZE && stack.stop.abort() });
    await expect(upload).rejects.toMatchObject({ name: 'AbortError' });
    expect(stack.flying).toBe(0);
  });
});
