import { describe, expect, it } from 'vitest';
import { slugOfPath } from '../../src/lib/targets';
import { patternsOf } from '../../src/screens/operator/target';

describe('what can be blocked of a target', () => {
  it.each([
    ['https://evil.example/', 'evil.example', 'evil.example'],
    ['http://evil.example:8080/a/b?x=1#y', 'evil.example', 'evil.example/a/b'],
    ['https://ADA:secret@Evil.Example/A', 'evil.example', 'evil.example/A'],
    ['https://m\u00fcnchen.example/', 'xn--mnchen-3ya.example', 'xn--mnchen-3ya.example'],
  ])('%s: %s and %s', (url, host, address) => {
    expect(patternsOf(url)).toEqual({ host, address });
  });

  it.each(['mailto:a@example.com', 'myapp://open', 'nonsense', '', 'javascript:alert(1)'])('nothing of %s', (url) => {
    expect(patternsOf(url)).toBe(null);
  });
});

describe('the slug that makes a path a link', () => {
  it.each([
    ['/sale', 'sale'],
    ['/sale/', 'sale'],
    ['/team/start', 'team/start'],
    ['/', null],
    ['', null],
    ['/a b', null],
    ['/caf\u{fffd}', null],
    [`/${'a'.repeat(129)}`, null],
  ])('%s: %s', (path, slug) => {
    expect(slugOfPath(path)).toBe(slug);
  });
});
