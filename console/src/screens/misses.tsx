import { useRoute } from 'preact-iso';
import { isAtLeast, useMe } from '../api/me';
import { useTitle } from '../lib/hooks';
import { slugOfPath } from '../lib/targets';
import { text } from '../text';
import { settingsText } from '../text/settings';
import { Statistics } from './statistics/statistics';

/** Visits to addresses of a domain that are no link: which, how often, from where; and a link of one with a click. */
export function Misses() {
  const { params } = useRoute();
  const domain = params.domain ?? '';
  const me = useMe();
  useTitle(text.stats.ofMisses(domain));
  const mayMake = isAtLeast(me, 'editor') && me.domains.includes(domain);
  const actionOf = (dimension: string, value: string) => {
    const slug = dimension === 'path' && mayMake ? slugOfPath(value) : null;
    if (slug === null) return null;
    return (
      <a
        class="button small"
        href={`/console/links/new?${new URLSearchParams({ domain, slug })}`}
        aria-label={settingsText.domains.makeLinkOf(value)}
      >
        {settingsText.domains.makeLink}
      </a>
    );
  };
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.stats.ofMisses(domain)}</h1>
          <p class="lead">{settingsText.domains.missesLead}</p>
        </div>
      </header>
      <Statistics subject={{ missesOf: domain }} actionOf={actionOf} />
    </>
  );
}
