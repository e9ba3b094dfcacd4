import { useQuery } from '@tanstack/preact-query';
import { useLocation } from 'preact-iso';
import { api, body } from '../api/client';
import { listLinks } from '../api/links';
import { isAtLeast, isLimited, useMe } from '../api/me';
import type { Import, LinkQuery } from '../api/types';
import { rangeOf } from '../lib/dates';
import { formatCount, formatRelative } from '../lib/format';
import { useTitle } from '../lib/hooks';
import { linkPath, shortTarget } from '../lib/targets';
import { text } from '../text';
import { Icon } from '../ui/icons';
import { Empty, Shown } from '../ui/states';
import { useStatistics } from './statistics/ask';
import { Figures } from './statistics/figures';
import { CountryMap } from './statistics/places';
import { Series } from './statistics/series';
import { Tops } from './statistics/tops';

/** All links of the workspace. */
const WORKSPACE = { tags: [] };
const DIMENSIONS = ['country', 'link', 'referrer_host', 'device'] as const;

/** The last 30 days at a glance, what is new, and what needs a look. */
export function Home() {
  useTitle(text.nav.home);
  const me = useMe();
  const limited = isLimited(me);
  return (
    <>
      <header class="page-head">
        <h1>{text.nav.home}</h1>
      </header>
      <div class="grid">
        {limited ? (
          <section class="panel">
            <Empty title={text.stats.limited}>
              {text.stats.limitedHint} <a href="/console/statistics">{text.nav.statistics}</a>
            </Empty>
          </section>
        ) : (
          <Clicks />
        )}
        {!limited && <NeedsALook />}
        <Newest />
      </div>
    </>
  );
}

function Clicks() {
  const { route } = useLocation();
  const range = rangeOf('30d', 'UTC');
  const query = useStatistics(WORKSPACE, {
    ...range,
    interval: 'day',
    compare: 'previous_period',
    group_by: DIMENSIONS.join(','),
    limit: 6,
  });
  return (
    <>
      <section class="panel">
        <div class="panel-head">
          <h2>{text.home.last30}</h2>
          <a href="/console/statistics">{text.home.allStatistics}</a>
        </div>
        <Shown query={query} rows={6}>
          {(stats) => (
            <>
              <Figures stats={stats} />
              <Series stats={stats} view="chart" low />
            </>
          )}
        </Shown>
      </section>
      {DIMENSIONS.map((dimension) => (
        <section class={`panel ${dimension === 'country' ? '' : 'half'}`} key={dimension}>
          <div class="panel-head">
            <h2>{text.home.tops[dimension]}</h2>
          </div>
          <Shown query={query} rows={5}>
            {(stats) => {
              const choose = (value: string | null) =>
                route(`/console/statistics?${new URLSearchParams({ filter: `${dimension}:${value}` })}`);
              return (
                <div class={dimension === 'country' ? 'places' : ''}>
                  {dimension === 'country' && (
                    <CountryMap subject={WORKSPACE} range={{ ...range, tz: 'UTC' }} chosen={null} onChoose={choose} />
                  )}
                  <Tops
                    dimension={dimension}
                    top={stats.top[dimension]}
                    because={stats.null_because[`top.${dimension}`]}
                    chosen={null}
                    onChoose={choose}
                  />
                </div>
              );
            }}
          </Shown>
        </section>
      ))}
    </>
  );
}

function Newest() {
  const me = useMe();
  const query = useQuery({
    queryKey: ['links', 'newest'],
    queryFn: ({ signal }) => listLinks({ limit: 6, include: ['clicks'] }, signal),
  });
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{text.home.newest}</h2>
        <a href="/console/links">{text.home.allLinks}</a>
      </div>
      <Shown query={query} rows={5}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={text.links.none}>{isAtLeast(me, 'editor') ? text.links.noneHint : text.links.noneViewer}</Empty>
          ) : (
            <ul class="plain-list">
              {items.map((link) => (
                <li key={link.id}>
                  <div class="grow">
                    <a class="clip" href={linkPath(link)}>
                      {link.domain}/{link.slug}
                    </a>
                    <span class="muted small clip">{link.title ?? shortTarget(link.url)}</span>
                  </div>
                  <span class="number muted small">
                    {formatRelative(link.created_at)}
                    <br />
                    {link.clicks === null || link.clicks === undefined ? '–' : text.home.clicks(formatCount(link.clicks), link.clicks)}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
}

/** Whether an import should be looked at: it works, or it did not do all that it should. */
function isOfInterest(one: Import): boolean {
  return one.status !== 'succeeded' && one.status !== 'cancelled';
}

/** How many of the links that expire soon are named. */
const SHOWN_EXPIRING = 4;

function useLinks(name: string, query: LinkQuery) {
  return useQuery({
    queryKey: ['links', name],
    queryFn: ({ signal }) => listLinks({ ...query, include: ['total'], limit: SHOWN_EXPIRING }, signal),
    staleTime: 60_000,
  });
}

function NeedsALook() {
  const me = useMe();
  const imports = useQuery({
    queryKey: ['imports', 'home'],
    queryFn: ({ signal }) => body(api.GET('/v1/imports', { params: { query: { limit: 10 } }, signal })),
    refetchInterval: (query) => (query.state.data?.items.some(({ status }) => status === 'running') ? 3000 : false),
  });
  const changes = useQuery({
    queryKey: ['changes', 'home'],
    queryFn: ({ signal }) => body(api.GET('/v1/link-changes', { params: { query: { limit: 10 } }, signal })),
  });
  // To the minute, so that another look at the page asks the same.
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  const soon = useLinks('expiring', {
    expires_after: new Date(minute).toISOString(),
    expires_before: new Date(minute + 7 * 86_400_000).toISOString(),
    sort: 'expires',
  });
  const broken = useLinks('broken', { broken: 'true' });
  const reports = useQuery({
    queryKey: ['abuse', 'home'],
    queryFn: ({ signal }) => body(api.GET('/v1/abuse-reports', { params: { query: { limit: 1, status: 'open' } }, signal })),
    enabled: me.is_operator,
  });
  const expiring = soon.data?.items ?? [];
  const brokenLinks = broken.data?.total ?? 0;
  const isReported = (reports.data?.items.length ?? 0) > 0;
  return (
    <section class="panel half">
      <div class="panel-head">
        <h2>{text.home.needsALook}</h2>
      </div>
      <Shown query={imports} rows={3}>
        {({ items }) => {
          const open = items.filter(isOfInterest).slice(0, 5);
          const failed = (changes.data?.items ?? [])
            .filter(({ status }) => status === 'failed' || status === 'succeeded_with_errors')
            .slice(0, 3);
          if (open.length + failed.length + expiring.length + brokenLinks === 0 && !isReported) {
            return (
              <Empty title={text.home.nothing}>
                <span class="up">
                  <Icon name="check" />
                </span>
              </Empty>
            );
          }
          return (
            <ul class="plain-list">
              {isReported && (
                <li>
                  <a class="grow clip" href="/console/abuse-reports">
                    {text.nav.abuse}
                  </a>
                  <span class="badge bad">{text.home.reported}</span>
                </li>
              )}
              {brokenLinks > 0 && (
                <li>
                  <a class="grow clip" href="/console/links?broken=true">
                    {text.home.broken(brokenLinks)}
                  </a>
                  <span class="badge bad">{text.links.badges.broken}</span>
                </li>
              )}
              {(soon.data?.total ?? 0) > SHOWN_EXPIRING && (
                <li>
                  <a class="grow clip" href="/console/links?expires=7d">
                    {text.home.more(soon.data?.total ?? 0)}
                  </a>
                </li>
              )}
              {expiring.map((link) => (
                <li key={link.id}>
                  <a class="grow clip" href={linkPath(link)}>
                    {link.domain}/{link.slug}
                  </a>
                  <span class="badge warn">{text.home.expires(formatRelative(link.expires_at ?? ''))}</span>
                </li>
              ))}
              {open.map((one) => (
                <li key={one.id}>
                  <a class="grow clip" href={`/console/imports/${one.id}`}>
                    {one.filename ?? one.id}
                  </a>
                  <span class={`badge ${one.status === 'failed' ? 'bad' : 'warn'}`}>{text.imports.statuses[one.status]}</span>
                </li>
              ))}
              {failed.map((job) => (
                <li key={job.id}>
                  <a class="grow clip" href="/console/changes">
                    {text.changes.actions[job.action]} · {formatRelative(job.created_at)}
                  </a>
                  <span class="badge bad">{text.changes.statuses[job.status]}</span>
                </li>
              ))}
            </ul>
          );
        }}
      </Shown>
    </section>
  );
}
