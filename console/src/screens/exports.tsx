import { useState } from 'preact/hooks';
import { useAction } from '../api/action';
import { cache } from '../api/cache';
import { api, body } from '../api/client';
import { isAtLeast, useMe } from '../api/me';
import { usePages } from '../api/pages';
import type { Export } from '../api/types';
import { formatBytes, formatDateTime, formatNumber } from '../lib/format';
import { useTitle } from '../lib/hooks';
import { text } from '../text';
import { Check } from '../ui/field';
import { Icon } from '../ui/icons';
import { More } from '../ui/more';
import { ScrollBox } from '../ui/scroll_box';
import { Empty, Shown } from '../ui/states';
import { toastError } from '../ui/toasts';

const TONES = { waiting: '', running: 'warn', succeeded: 'good', failed: 'bad' } as const;

/** All links as a file, to take away. */
export function Exports() {
  useTitle(text.nav.exports);
  const me = useMe();
  const [format, setFormat] = useState<'csv' | 'jsonl'>('csv');
  const [gzip, setGzip] = useState(false);
  const [passwords, setPasswords] = useState(false);
  const list = usePages({
    queryKey: ['exports'],
    page: (query, signal) => body(api.GET('/v1/exports', { params: { query: { limit: 50, ...query } }, signal })),
    isRunning: ({ status }) => status === 'waiting' || status === 'running',
  });
  const start = useAction({
    mutationFn: () =>
      body(
        api.POST('/v1/exports', {
          params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
          body: { format, gzip, ...(passwords ? { passwords } : {}) },
        }),
      ),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['exports'] }),
    onError: toastError,
  });
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.exports}</h1>
          <p class="lead">{text.exports.lead}</p>
        </div>
      </header>
      <div class="stack">
        <form
          class="panel row"
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate();
          }}
        >
          <select aria-label={text.exports.format} value={format} onChange={(event) => setFormat(event.currentTarget.value as 'csv')}>
            <option value="csv">CSV</option>
            <option value="jsonl">JSON Lines</option>
          </select>
          <Check label={text.exports.gzip} checked={gzip} onChange={setGzip} />
          {isAtLeast(me, 'admin') && <Check label={text.exports.passwords} checked={passwords} onChange={setPasswords} />}
          <button type="submit" class="button primary" disabled={start.isPending}>
            {text.exports.start}
          </button>
        </form>
        <section class="panel flush">
          <Shown query={list} rows={4}>
            {({ items }) =>
              items.length === 0 && !list.hasNextPage ? (
                <Empty title={text.exports.none} />
              ) : (
                <ScrollBox label={text.nav.exports}>
                  <table class="list">
                    <thead>
                      <tr>
                        <th scope="col">{text.exports.started}</th>
                        <th scope="col">{text.exports.format}</th>
                        <th scope="col">{text.exports.status}</th>
                        <th scope="col" class="number">
                          {text.exports.links}
                        </th>
                        <th scope="col" class="number">
                          {text.exports.size}
                        </th>
                        <th scope="col">
                          <span class="visually-hidden">{text.links.actions}</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((one) => (
                        <Row key={one.id} one={one} />
                      ))}
                    </tbody>
                  </table>
                </ScrollBox>
              )
            }
          </Shown>
        </section>
        <More list={list} />
      </div>
    </>
  );
}

function Row({ one }: { one: Export }) {
  const download = useAction({
    mutationFn: () => body(api.GET('/v1/exports/{id}', { params: { path: { id: one.id } } })),
    // The URL of the file works for some minutes, so each download asks for one.
    onSuccess: ({ url }) => {
      if (url) location.assign(url);
    },
    onError: toastError,
  });
  return (
    <tr>
      <td class="nowrap">{formatDateTime(one.created_at)}</td>
      <td>
        {one.format === 'csv' ? 'CSV' : 'JSON Lines'}
        {one.gzip && ' · gzip'}
        {one.passwords && ` · ${text.exports.withPasswords}`}
        {one.is_limited && ` · ${text.exports.limited}`}
      </td>
      <td>
        <span class={`badge ${TONES[one.status]}`}>{text.exports.statuses[one.status]}</span>
        {one.error && <p class="field-error">{one.error}</p>}
      </td>
      <td class="number">{formatNumber(one.links)}</td>
      <td class="number">{one.bytes === null || one.bytes === undefined ? '–' : formatBytes(one.bytes)}</td>
      <td class="number">
        {one.status === 'succeeded' && (
          <button type="button" class="button small" disabled={download.isPending} onClick={() => download.mutate()}>
            <Icon name="download" />
            {text.actions.download}
          </button>
        )}
      </td>
    </tr>
  );
}
