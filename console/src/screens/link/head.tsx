import { useQuery } from '@tanstack/preact-query';
import { useLocation } from 'preact-iso';
import { answer, api } from '../../api/client';
import { isAtLeast, useMe } from '../../api/me';
import type { Link } from '../../api/types';
import { linkPath } from '../../lib/targets';
import { text } from '../../text';
import { CopyButton } from '../../ui/copy';
import { Icon } from '../../ui/icons';
import { Menu } from '../../ui/menu';
import { TargetLink } from '../files/names';
import { changeLinks } from '../links/change';
import { LinkBadges } from '../links/row';

/** A link with its `ETag`. */
export function useLink(domain: string, slug: string) {
  return useQuery({
    queryKey: ['link', domain, slug],
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/links/{slug}', { params: { path: { slug }, query: { domain, include: 'clicks' } }, signal })),
    // An open editor must not lose what is typed because the window got the focus back.
    refetchOnWindowFocus: false,
  });
}

/** The name of a link with the tabs of its pages and what can be done with it as a whole. */
export function LinkHead({ domain, slug, link, page }: { domain: string; slug: string; link: Link | null; page: 'edit' | 'statistics' }) {
  const me = useMe();
  const { route } = useLocation();
  const act = async (change: Parameters<typeof changeLinks>[0], leave = false) => {
    const job = await changeLinks(change);
    if (job && leave && job.counts.changed > 0) route('/console/links');
  };
  return (
    <>
      <header class="page-head">
        <div class="grow">
          <div class="row">
            <h1 class="clip">
              <span class="muted">{domain}/</span>
              {slug}
            </h1>
            {link && <LinkBadges link={link} />}
          </div>
          {link && (
            <p class="lead clip">
              {link.title ? `${link.title} · ` : ''}
              <TargetLink url={link.url} />
            </p>
          )}
        </div>
        {link && (
          <div class="row tight">
            <CopyButton value={link.short_url} label={text.links.copyAddress} withText />
            {isAtLeast(me, 'editor') && (
              <Menu label={<Icon name="more" />} name={text.links.actions} class="button icon-only">
                {(close) => (
                  <>
                    <button
                      type="button"
                      onClick={() => {
                        close();
                        act({ select: { links: [{ id: link.id }] }, change: { archived: !link.archived } });
                      }}
                    >
                      <Icon name="archive" />
                      {link.archived ? text.links.bulk.restore : text.links.bulk.archive}
                    </button>
                    <button
                      type="button"
                      class="danger"
                      onClick={() => {
                        close();
                        act({ select: { links: [{ id: link.id }] }, delete: true }, true);
                      }}
                    >
                      <Icon name="trash" />
                      {text.links.bulk.delete}
                    </button>
                  </>
                )}
              </Menu>
            )}
          </div>
        )}
      </header>
      <nav class="tabs" aria-label={text.link.pages}>
        <a href={linkPath({ domain, slug })} aria-current={page === 'edit' ? 'page' : undefined}>
          {text.link.settings}
        </a>
        <a href={linkPath({ domain, slug }, 'statistics')} aria-current={page === 'statistics' ? 'page' : undefined}>
          {text.nav.statistics}
        </a>
      </nav>
    </>
  );
}
