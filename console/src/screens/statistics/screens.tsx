import { useRoute } from 'preact-iso';
import { isLimited, useMe } from '../../api/me';
import { useTitle } from '../../lib/hooks';
import { useQueryState } from '../../lib/query';
import { text } from '../../text';
import { Empty } from '../../ui/states';
import { TagInput } from '../../ui/tag_input';
import { LinkHead, useLink } from '../link/head';
import { Statistics } from './statistics';

/** The statistics of the workspace, or with tags those of the links that have one. */
export function StatisticsScreen() {
  useTitle(text.nav.statistics);
  const me = useMe();
  const { parameters, set } = useQueryState();
  const tags = parameters.getAll('tag');
  const needsTag = isLimited(me) && tags.length === 0;
  return (
    <>
      <header class="page-head">
        <h1>{tags.length === 0 ? text.stats.workspace : text.stats.ofTags(tags)}</h1>
        <div class="tag-choice">
          <TagInput
            value={tags}
            onChange={(tag) => set({ tag, filter: null })}
            placeholder={text.stats.tagPlaceholder}
            aria-label={text.stats.tagPlaceholder}
          />
        </div>
      </header>
      {needsTag ? (
        <Empty title={text.stats.limited}>{text.stats.limitedHint}</Empty>
      ) : (
        <Statistics key={tags.join('\n')} subject={{ tags }} />
      )}
    </>
  );
}

export function LinkStatisticsScreen() {
  const { params } = useRoute();
  const domain = params.domain ?? '';
  const slug = params.slug ?? '';
  const link = useLink(domain, slug);
  useTitle(text.stats.ofLink(slug));
  return (
    <>
      <LinkHead domain={domain} slug={slug} link={link.data?.data ?? null} page="statistics" />
      <Statistics key={`${domain}/${slug}`} subject={{ domain, slug }} />
    </>
  );
}
