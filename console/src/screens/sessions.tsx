import { useState } from 'preact/hooks';
import { useAction } from '../api/action';
import { cache } from '../api/cache';
import { api, body } from '../api/client';
import { isAtLeast, signOut, useMe } from '../api/me';
import { usePages } from '../api/pages';
import type { Session } from '../api/types';
import { formatDateTime, formatRelative } from '../lib/format';
import { useTitle } from '../lib/hooks';
import { text } from '../text';
import { Check } from '../ui/field';
import { More } from '../ui/more';
import { ScrollBox } from '../ui/scroll_box';
import { Empty, Shown } from '../ui/states';
import { toastError } from '../ui/toasts';

/** Where one is signed in. */
export function Sessions() {
  useTitle(text.nav.sessions);
  const me = useMe();
  const [all, setAll] = useState(false);
  const list = usePages({
    queryKey: ['sessions', all],
    page: (query, signal) =>
      body(api.GET('/v1/sessions', { params: { query: { limit: 100, ...query, ...(all ? { all } : {}) } }, signal })),
  });
  const end = useAction({
    mutationFn: async (session: Session) => {
      if (session.current) return signOut();
      await body(api.DELETE('/v1/sessions/{id}', { params: { path: { id: session.id } } }));
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ['sessions'] }),
    onError: toastError,
  });
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.sessions}</h1>
          <p class="lead">{text.sessions.lead}</p>
        </div>
        {isAtLeast(me, 'admin') && <Check label={text.sessions.all} checked={all} onChange={setAll} />}
      </header>
      <section class="panel flush">
        <Shown query={list} rows={3}>
          {({ items }) =>
            items.length === 0 && !list.hasNextPage ? (
              <Empty title={text.sessions.none} />
            ) : (
              <ScrollBox label={text.nav.sessions}>
                <table class="list">
                  <thead>
                    <tr>
                      <th scope="col">{text.sessions.browser}</th>
                      <th scope="col">{text.sessions.signedIn}</th>
                      <th scope="col">{text.sessions.lastSeen}</th>
                      <th scope="col">{text.sessions.ends}</th>
                      <th scope="col">
                        <span class="visually-hidden">{text.links.actions}</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((session) => (
                      <tr key={session.id}>
                        <td>
                          <span class="row tight">
                            {all && session.name && <strong>{session.name}</strong>}
                            {session.user_agent ?? text.sessions.unknown}
                            {session.current && <span class="badge good">{text.sessions.current}</span>}
                          </span>
                        </td>
                        <td class="nowrap muted">{formatDateTime(session.created_at)}</td>
                        <td class="nowrap muted">{session.last_seen_at ? formatRelative(session.last_seen_at) : '–'}</td>
                        <td class="nowrap muted">{formatRelative(session.expires_at)}</td>
                        <td class="number">
                          <button type="button" class="button small" disabled={end.isPending} onClick={() => end.mutate(session)}>
                            {session.current ? text.shell.signOut : text.sessions.end}
                          </button>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </ScrollBox>
            )
          }
        </Shown>
      </section>
      <More list={list} />
    </>
  );
}
