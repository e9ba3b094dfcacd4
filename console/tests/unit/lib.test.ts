import { describe, expect, it } from 'vitest';
import { takeCode } from '../../src/api/code';
import { curlOf } from '../../src/api/curl';
import { withoutSecrets } from '../../src/api/log';
import { Problem, problemOf } from '../../src/api/problem';
import { csvOf } from '../../src/lib/csv';
import { localeOf } from '../../src/lib/format';
import { moved } from '../../src/lib/move';
import { shortTarget, targetOf } from '../../src/lib/targets';
import { utmOf, withUtm } from '../../src/lib/utm';
import { evenWeights, sharesOf } from '../../src/lib/weights';
import { causesOf, readReport } from '../../src/screens/imports/report';

describe('a command for the API', () => {
  const request = {
    method: 'GET',
    url: 'https://go.example.com/v1/links?search=a%20b',
    contentType: null,
    ifMatch: null,
    accept: '*/*',
    body: null,
  };

  it('has the key from a variable', () => {
    expect(curlOf(request)).toBe(`curl 'https://go.example.com/v1/links?search=a%20b' \\\n  -H "Authorization: Bearer $WAYPOST_KEY"`);
  });

  it('quotes what a shell would run', () => {
    const command = curlOf({
      ...request,
      method: 'POST',
      contentType: 'application/json',
      ifMatch: '"1"',
      body: `{"title":"it's $(rm -rf /) \`x\`"}`,
    });
    expect(command).toContain(`-d '{"title":"it'\\''s $(rm -rf /) \`x\`"}'`);
    expect(command).toContain(`-H 'If-Match: "1"'`);
    expect(command).toContain('curl -X POST');
  });

  it('has no secrets', () => {
    expect(withoutSecrets('{"items":[{"url":"https://a","password":"pass123"}],"key":"wp_x"}')).toBe(
      '{"items":[{"url":"https://a","password":"…"}],"key":"…"}',
    );
    expect(withoutSecrets('{"password":null}')).toBe('{"password":null}');
    expect(withoutSecrets('not json')).toBe('');
  });
});

describe('the language of the browser', () => {
  it('is one that Intl takes', () => {
    const cases = { 'de-CH': 'de-CH', 'en-US@posix': 'en-US', 'C.UTF-8': 'en', '': 'en', '\u{0}': 'en', 'PT-br': 'pt-BR' };
    for (const [given, language] of Object.entries(cases)) expect(localeOf(given), given).toBe(language);
    expect(localeOf(undefined)).toBe('en');
  });
});

describe('the code of a sign-in link', () => {
  const take = (hash: string) => {
    const replaced: string[] = [];
    const history = { replaceState: (_: unknown, __: string, url?: string | URL | null) => replaced.push(String(url)) };
    return [takeCode({ hash, pathname: '/console/', search: '?a=1' }, history as never), replaced] as const;
  };

  it('is taken out of the address', () => {
    expect(take('#code=abc%2Bd')).toEqual(['abc+d', ['/console/?a=1']]);
    expect(take('#code=')).toEqual([null, ['/console/?a=1']]);
    expect(take('#main')).toEqual([null, []]);
    expect(take('')).toEqual([null, []]);
  });
});

describe('a problem', () => {
  it('finds the error of a field and of what is inside it', () => {
    const problem = new Problem({ status: 422, detail: 'wrong', errors: [{ pointer: '/rules/0/if/country/1', detail: 'no country' }] });
    expect(problem.at('/rules/0')).toBe('no country');
    expect(problem.at('/rules/0/if/country')).toBe('no country');
    expect(problem.at('/rule')).toBeUndefined();
    expect(problem.at('/rules/0/url')).toBeUndefined();
  });

  it('is read from gateways, too', () => {
    const response = new Response(null, {
      status: 503,
      statusText: 'Service Unavailable',
      headers: { 'retry-after': '2', 'x-request-id': 'r1' },
    });
    expect(problemOf(response, { message: 'Service Unavailable' })).toMatchObject({
      status: 503,
      retryAfter: 2,
      requestId: 'r1',
      isTemporary: true,
    });
    expect(problemOf(new Response(null, { status: 400 }), 'text')).toMatchObject({ status: 400, errors: [], isTemporary: false });
  });
});

describe('CSV', () => {
  it('quotes, and disarms formulas', () => {
    expect(
      csvOf([
        ['a', 1, null],
        ['x,"y"', '=1+1', '-2'],
      ]),
    ).toBe('a,1,\r\n"x,""y""",\'=1+1,\'-2\r\n');
  });
});

describe('weights', () => {
  it('have shares that add up', () => {
    expect(sharesOf([9, 1])).toEqual([0.9, 0.1]);
    expect(sharesOf([])).toEqual([]);
    expect(sharesOf([0, Number.NaN, -3])).toEqual([0, 0, 0]);
    for (let count = 1; count <= 20; count++) {
      const weights = evenWeights(count);
      expect(weights.reduce((a, b) => a + b)).toBe(100);
      expect(Math.max(...weights) - Math.min(...weights)).toBeLessThanOrEqual(1);
    }
  });
});

describe('targets', () => {
  it.each([
    ['https://example.com/a', 'https://example.com/a'],
    [' example.com/a ', 'https://example.com/a'],
    ['localhost:8080/x', 'https://localhost:8080/x'],
    ['example.com:8080', 'https://example.com:8080'],
    ['mailto:ada@example.com', 'mailto:ada@example.com'],
    ['two words', null],
    ['word', null],
    ['', null],
  ])('%s is %s', (text, target) => {
    expect(targetOf(text)).toBe(target);
  });

  it('are short in lists', () => {
    expect(shortTarget('https://www.example.com/')).toBe('example.com');
  });
});

describe('UTM parameters', () => {
  it.each([
    ['https://a.example/', 'source', 'mail', 'https://a.example/?utm_source=mail'],
    ['https://a.example/?x=1&utm_source=old&y=%20#top', 'source', 'new one', 'https://a.example/?x=1&utm_source=new%20one&y=%20#top'],
    ['https://a.example/?utm_source=old#top', 'source', '', 'https://a.example/#top'],
    ['https://a.example/?a&b==&c', 'medium', 'x', 'https://a.example/?a&b==&c&utm_medium=x'],
    ['https://a.example/#?utm_source=no', 'source', 'yes', 'https://a.example/?utm_source=yes#?utm_source=no'],
  ] as const)('%s with %s=%s is %s', (before, field, value, after) => {
    expect(withUtm(before, field, value)).toBe(after);
    expect(utmOf(after)[field]).toBe(value);
  });
});

describe('rules that move', () => {
  it('stay as many, whatever the places', () => {
    expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
    for (const [from, to] of [
      [0, 9],
      [2, -4],
      [7, 0],
    ] as const)
      expect([...moved(['a', 'b', 'c'], from, to)].sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('the report of an import', () => {
  const line = (row: number, cause: string, outcome = 'invalid') =>
    JSON.stringify({ row, line: row, file: null, outcome, column: 'url', value: 'x', cause });

  it('is read up to a line that was cut', () => {
    expect(readReport(`${line(1, 'a')}\n\n${line(2, 'b')}\n{"row":3,`).map(({ row }) => row)).toEqual([1, 2]);
    expect(readReport(`${line(1, 'a')}\n${line(2, 'b')}\n`, 1)).toHaveLength(1);
  });

  it('shows what was not loaded before warnings, however many there are', () => {
    const warnings = Array.from({ length: 600 }, (_, row) => line(row + 1, 'is cut', 'warned'));
    const rows = readReport([...warnings, line(601, 'is missing'), line(602, 'is taken', 'conflicting')].join('\n'));
    expect(rows).toHaveLength(500);
    expect(rows.slice(0, 3).map(({ row }) => row)).toEqual([601, 602, 1]);
  });

  it('names the most frequent cause first', () => {
    expect(causesOf(readReport([line(1, 'a'), line(2, 'b'), line(3, 'b')].join('\n'))).map(({ cause, rows }) => [cause, rows])).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
  });
});
