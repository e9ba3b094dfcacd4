import { useQuery } from '@tanstack/preact-query';
import { api, body } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Link } from '../../api/types';
import { useDebounced } from '../../lib/hooks';
import { linkPath, SLUG } from '../../lib/targets';
import { text } from '../../text';
import { Field } from '../../ui/field';
import type { Draft } from './draft';
import type { SetDraft } from './editor';

interface Props {
  draft: Draft;
  set: SetDraft;
  error: string | undefined;
  link: Link | null;
}

/** The slug, with a free or taken answer while one types. */
export function SlugField({ draft, set, error, link }: Props) {
  const slug = useDebounced(draft.slug.trim(), 250);
  const isOwn = link !== null && slug === link.slug && draft.domain === link.domain;
  const isValid = SLUG.test(slug);
  const taken = useQuery({
    queryKey: ['slug', draft.domain, slug],
    queryFn: async ({ signal }): Promise<Link | null> => {
      try {
        return await body(api.GET('/v1/links/{slug}', { params: { path: { slug }, query: { domain: draft.domain } }, signal }));
      } catch (failure) {
        if (failure instanceof Problem && failure.status === 404) return null;
        throw failure;
      }
    },
    enabled: slug !== '' && isValid && !isOwn,
    staleTime: 5000,
  });
  const settled = slug === draft.slug.trim() && taken.data !== undefined;
  const hint = () => {
    if (slug === '') return link === null ? text.link.slugGenerated : undefined;
    if (isOwn) return undefined;
    if (!isValid) return undefined;
    if (!settled) return text.link.slugAsking;
    if (taken.data === null || taken.data === undefined) return <span class="up">{text.link.slugFree}</span>;
    return (
      <span class="down">
        {text.link.slugTaken} <a href={linkPath(taken.data)}>{taken.data.title ?? taken.data.url}</a>
      </span>
    );
  };
  return (
    <Field
      label={text.link.slug}
      hint={<span aria-live="polite">{hint()}</span>}
      error={error ?? (draft.slug !== '' && slug === draft.slug.trim() && !isValid ? text.link.slugWrong : undefined)}
    >
      <input
        type="text"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        maxLength={128}
        placeholder={link === null ? text.link.slugPlaceholder : undefined}
        value={draft.slug}
        onInput={(event) => set({ slug: event.currentTarget.value })}
      />
    </Field>
  );
}
