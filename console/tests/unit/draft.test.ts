import { describe, expect, it } from 'vitest';
import { conflictsOf, draftOf, emptyDraft, isChanged, newLinkOf, newRule, patchOf } from '../../src/screens/link/draft';
import { linkOf } from '../server/data';

const link = linkOf({
  number: 1,
  slug: 'docs',
  url: 'https://example.org/docs',
  title: 'Docs',
  tags: ['a'],
  expires_at: '2027-01-01T10:20:30.456Z',
  has_password: true,
  preview: { title: 'Look', description: 'Here' },
  rules: [
    {
      if: { os: ['ios'], query: [{ name: 'ref', value: 'mail' }, { name: 'x' }], after: '2026-01-01T00:00:59.000Z' },
      url: 'https://example.org/ios',
    },
  ],
  variants: [{ name: 'a', url: 'https://example.org/a', weight: 9 }],
});
const draft = draftOf(link);

describe('a draft', () => {
  it('that nobody touched changes nothing, not even the seconds of its times', () => {
    expect(patchOf(draft, draftOf(link))).toEqual({});
    expect(isChanged(draft, draftOf(link))).toBe(false);
  });

  it.each([
    [{ title: ' New ' }, { title: 'New' }],
    [{ title: '' }, { title: null }],
    [{ tags: [] }, { tags: [] }],
    [{ max_clicks: '5' }, { max_clicks: 5 }],
    [{ expires_at: '' }, { expires_at: null }],
    [{ password: 'secret1' }, { password: 'secret1' }],
    [{ remove_password: true }, { password: null }],
    [{ preview_description: '' }, { preview: { description: null, title: 'Look' } }],
    [{ preview_title: '', preview_description: '' }, { preview: null }],
    [{ rules: [] }, { rules: [] }],
    [{ slug: 'new' }, { slug: 'new', keep_alias: true }],
    [{ slug: 'new', keep_alias: false }, { slug: 'new' }],
    [{ archived: true }, { archived: true }],
  ])('%o becomes the patch %o', (change, patch) => {
    expect(patchOf(draft, { ...draft, ...change })).toEqual(patch);
  });

  it('of a rule keeps its conditions through the texts of the fields', () => {
    const changed = {
      ...draft,
      rules: [...draft.rules, { ...newRule(), url: 'https://example.org/de', country: 'de at', language: 'de, fr-CH' }],
    };
    expect(patchOf(draft, changed)).toEqual({
      rules: [
        {
          if: { os: ['ios'], query: [{ name: 'ref', value: 'mail' }, { name: 'x' }], after: '2026-01-01T00:00:59.000Z' },
          url: 'https://example.org/ios',
        },
        { if: { country: ['DE', 'AT'], language: ['de', 'fr-CH'] }, url: 'https://example.org/de' },
      ],
    });
  });

  it('of a new link leaves out what nobody touched, so that defaults hold', () => {
    const empty = emptyDraft('go.example.com');
    expect(newLinkOf({ ...empty, url: 'https://example.org' })).toEqual({ url: 'https://example.org', domain: 'go.example.com' });
    expect(newLinkOf({ ...empty, url: 'https://example.org', slug: 'x', tags: ['a'] })).toEqual({
      url: 'https://example.org',
      domain: 'go.example.com',
      slug: 'x',
      tags: ['a'],
    });
  });

  it('shows only those conflicts where both want something else', () => {
    const theirs = draftOf({ ...link, title: 'Theirs', tags: ['b'], archived: true });
    const patch = patchOf(draft, { ...draft, title: 'Mine', archived: true });
    expect(conflictsOf(patch, theirs)).toEqual([{ field: 'title', mine: 'Mine', theirs: 'Theirs' }]);
  });
});
