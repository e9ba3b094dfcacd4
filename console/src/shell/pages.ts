import { isAtLeast, isLimited } from '../api/me';
import type { Me, Role } from '../api/types';
import { text } from '../text';
import type { IconName } from '../ui/icons';

export interface Page {
  path: string;
  name: string;
  icon: IconName;
  /** The letter after `g`. */
  letter?: string;
  /** Who sees the page: the least role. */
  role?: Role;
  /** Whether it is for operators of the stack. */
  operator?: boolean;
  /** Whether a key that reaches some links only can use it. */
  limited?: boolean;
}

export const SECTIONS: { name: string | null; pages: Page[] }[] = [
  {
    name: null,
    pages: [
      { path: '/console/', name: text.nav.home, icon: 'home', letter: 'h', limited: true },
      { path: '/console/links', name: text.nav.links, icon: 'link', letter: 'l', limited: true },
      { path: '/console/files', name: text.nav.files, icon: 'file', letter: 'f', limited: true },
      { path: '/console/statistics', name: text.nav.statistics, icon: 'chart', letter: 's', limited: true },
      { path: '/console/tags', name: text.nav.tags, icon: 'tag', letter: 't' },
    ],
  },
  {
    name: text.nav.work,
    pages: [
      { path: '/console/imports', name: text.nav.imports, icon: 'upload', letter: 'i' },
      { path: '/console/exports', name: text.nav.exports, icon: 'download', letter: 'e', limited: true },
      { path: '/console/changes', name: text.nav.changes, icon: 'history', letter: 'c', limited: true },
    ],
  },
  {
    name: text.nav.settings,
    pages: [
      { path: '/console/keys', name: text.nav.keys, icon: 'key', letter: 'k', role: 'admin' },
      { path: '/console/domains', name: text.nav.domains, icon: 'globe', letter: 'd', limited: true },
      { path: '/console/workspace', name: text.nav.workspace, icon: 'settings', letter: 'w', limited: true },
      { path: '/console/sessions', name: text.nav.sessions, icon: 'user', limited: true },
    ],
  },
  {
    name: text.nav.operator,
    pages: [
      { path: '/console/abuse-reports', name: text.nav.abuse, icon: 'alert', letter: 'a', operator: true },
      { path: '/console/blocked-targets', name: text.nav.blocked, icon: 'lock', letter: 'b', operator: true },
    ],
  },
];

/** The pages that somebody can use. */
export function pagesFor(me: Me): typeof SECTIONS {
  const visible = (page: Page) =>
    (!page.operator || me.is_operator) &&
    (page.role === undefined || isAtLeast(me, page.role)) &&
    (page.limited === true || !isLimited(me));
  return SECTIONS.map((section) => ({ ...section, pages: section.pages.filter(visible) })).filter(({ pages }) => pages.length > 0);
}
