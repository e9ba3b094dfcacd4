import { useQuery } from '@tanstack/preact-query';
import { useLocation, useRoute } from 'preact-iso';
import { cache } from '../../api/cache';
import { answer, api } from '../../api/client';
import { isAtLeast, useMe } from '../../api/me';
import { useTitle } from '../../lib/hooks';
import { linkPath } from '../../lib/targets';
import { text } from '../../text';
import { Loading, Shown } from '../../ui/states';
import { draftOf, emptyDraft } from './draft';
import { Editor } from './editor';
import { BrokenNote } from './facts';
import { LinkHead, useLink } from './head';

export function NewLinkScreen() {
  useTitle(text.link.newTitle);
  const me = useMe();
  const { route, url } = useLocation();
  const workspace = useQuery({
    queryKey: ['workspace'],
    queryFn: ({ signal }) => answer(api.GET('/v1/workspace', { signal })),
  });
  if (workspace.isPending) return <Loading rows={6} />;
  // An address may name what the link begins with, as "make a link of this" does.
  const given = new URLSearchParams(url.split('?')[1] ?? '');
  const wanted = given.get('domain') ?? '';
  const domain = me.domains.includes(wanted) ? wanted : (workspace.data?.data.defaults.domain ?? me.default_domain);
  return (
    <>
      <header class="page-head">
        <h1>{text.link.newTitle}</h1>
      </header>
      <Editor
        link={null}
        initial={{ ...emptyDraft(domain), url: given.get('url') ?? '', slug: given.get('slug') ?? '' }}
        mayChange={isAtLeast(me, 'editor')}
        onSaved={(link) => route(linkPath(link), true)}
      />
    </>
  );
}

export function LinkScreen() {
  const { params } = useRoute();
  const domain = params.domain ?? '';
  const slug = params.slug ?? '';
  const me = useMe();
  const { route } = useLocation();
  const query = useLink(domain, slug);
  useTitle(slug);
  return (
    <>
      <LinkHead domain={domain} slug={slug} link={query.data?.data ?? null} page="edit" />
      <Shown query={query} rows={8}>
        {({ data }) => (
          <>
            <BrokenNote link={data} />
            <Editor
              // A saved link is a new beginning for the form; so is another link.
              key={`${data.id} ${data.updated_at}`}
              link={data}
              initial={draftOf(data)}
              mayChange={isAtLeast(me, 'editor')}
              onSaved={(link) => {
                cache.invalidateQueries({ queryKey: ['links'] });
                if (link.slug !== slug || link.domain !== domain) route(linkPath(link), true);
                else query.refetch();
              }}
            />
          </>
        )}
      </Shown>
    </>
  );
}
