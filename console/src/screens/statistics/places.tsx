import type { StatsQuery } from '../../api/types';
import { LazyMap } from '../../ui/lazy_map';
import { type Subject, useStatistics } from './ask';

/** The most countries that the API names at once. */
const MOST_COUNTRIES = 100;

interface Props {
  subject: Subject;
  range: Pick<StatsQuery, 'from' | 'to' | 'tz'>;
  chosen: string | null;
  onChoose: (code: string | null) => void;
}

/** The clicks of a range on a map. Nothing where nobody knows the countries; the list beside it says why. */
export function CountryMap({ subject, range, chosen, onChoose }: Props) {
  const { data } = useStatistics(subject, { ...range, interval: 'day', group_by: 'country', limit: MOST_COUNTRIES });
  if (data === undefined) return <div class="map-place" />;
  const top = data.top.country;
  if (top === null || top === undefined || top.items.length === 0) return null;
  const sum = top.items.reduce((all, { clicks }) => all + clicks, 0) + top.other + top.unknown;
  return <LazyMap items={top.items} sum={sum} chosen={chosen} onChoose={onChoose} />;
}
