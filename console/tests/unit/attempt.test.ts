import { describe, expect, it } from 'vitest';
import { type Attempt, keepAttempt, takeReturn } from '../../src/api/attempt';

const NOW = 1_780_000_000_000;
const ATTEMPT: Attempt = { state: 's', nonce: 'n', verifier: 'v', began: NOW - 60_000, back: '/console/links?search=a' };

function storage(content?: string) {
  const items = new Map<string, string>();
  if (content !== undefined) items.set('waypost.sign-in', content);
  return {
    items,
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  };
}

function take(kept: ReturnType<typeof storage>, path = '/console/signed-in', now = NOW) {
  const shown: string[] = [];
  // Changes with the history, as that of a browser does.
  const at = new URL(`https://go.example.com${path}?code=c&state=s`);
  const history = {
    replaceState: (_: unknown, __: string, url?: string | URL | null) => {
      shown.push(String(url));
      at.href = new URL(String(url), at).href;
    },
  };
  const found = takeReturn(at, history, kept, now);
  return { found, shown };
}

describe('the answer of the identity provider', () => {
  it('leaves the address, and uses the attempt up', () => {
    const kept = storage();
    keepAttempt(kept, ATTEMPT);
    const { found, shown } = take(kept);
    expect(shown).toEqual(['/console/links?search=a']);
    expect(found?.attempt).toEqual(ATTEMPT);
    expect(found?.parameters.get('code')).toBe('c');
    expect(kept.items.size).toBe(0);
    expect(take(kept).found?.attempt).toBeNull();
  });

  it.each(['/console/', '/console/signed-in/', '/console/links', '/signed-in'])('is at no other address: %s', (path) => {
    const kept = storage(JSON.stringify(ATTEMPT));
    expect(take(kept, path)).toEqual({ found: null, shown: [] });
    expect(kept.items.size).toBe(1);
  });

  it.each([
    ['no attempt', undefined],
    ['nothing that can be read', '{'],
    ['another thing', '[1]'],
    ['a part of an attempt', JSON.stringify({ ...ATTEMPT, verifier: '' })],
    ['no time', JSON.stringify({ ...ATTEMPT, began: 'now' })],
  ])('comes to nothing with %s', (_, content) => {
    const { found, shown } = take(storage(content));
    expect(found?.attempt).toBeNull();
    expect(shown).toEqual(['/console/']);
  });

  it.each([
    [15 * 60_000 - 1, true],
    [15 * 60_000, false],
    [-1, false],
  ])('counts %i ms after the attempt began: %s', (age, counts) => {
    const { found } = take(storage(JSON.stringify({ ...ATTEMPT, began: NOW - age })));
    expect(found?.attempt !== null).toBe(counts);
  });

  it.each([
    'https://evil.example/console/',
    '//evil.example/console/',
    '/consoles',
    '/console/../v1/links',
    '/console/signed-in?code=x',
    'javascript:alert(1)',
    'http://[',
    '/\\evil.example/console/',
  ])('leads to no other place: %s', (back) => {
    expect(take(storage(JSON.stringify({ ...ATTEMPT, back }))).shown).toEqual(['/console/']);
  });
});
