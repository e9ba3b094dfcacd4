import { useEffect, useState } from 'preact/hooks';
import { useAction } from '../../api/action';
import { cache } from '../../api/cache';
import { api, body } from '../../api/client';
import { useMe } from '../../api/me';
import { usePages } from '../../api/pages';
import { Problem } from '../../api/problem';
import type { BlockReason } from '../../api/types';
import { formatDateTime } from '../../lib/format';
import { useDebounced, useTitle } from '../../lib/hooks';
import { useQueryState } from '../../lib/query';
import { text } from '../../text';
import { operatorText } from '../../text/operator';
import { Confirm, Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { More } from '../../ui/more';
import { ScrollBox } from '../../ui/scroll_box';
import { Empty, ErrorBox, Shown } from '../../ui/states';
import { toast, toastError } from '../../ui/toasts';
import { NotForYou } from './not_for_you';
import { ReasonFields } from './reason';

/** The most targets that a request can block. */
const MOST = 100;
/** Typing pauses of this length ask the API. */
const PAUSE_MILLISECONDS = 180;

/** The targets that nobody can link to: look for one, block, unblock. For operators. */
export function BlockedTargets() {
  useTitle(text.nav.blocked);
  const { is_operator } = useMe();
  return is_operator ? <List /> : <NotForYou title={text.nav.blocked} />;
}

function List() {
  const { parameters, set } = useQueryState();
  const prefix = parameters.get('prefix') ?? '';
  const [typed, setTyped] = useState(prefix);
  const settled = useDebounced(typed.trim(), PAUSE_MILLISECONDS);
  const [adding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<string | null>(null);
  useEffect(() => {
    if (settled !== prefix) set({ prefix: settled }, true);
  }, [settled]);
  const list = usePages({
    queryKey: ['blocked', prefix],
    page: (query, signal) =>
      body(api.GET('/v1/blocked-targets', { params: { query: { limit: 100, ...(prefix ? { prefix } : {}), ...query } }, signal })),
  });
  const unblock = (target: string) =>
    body(api.DELETE('/v1/blocked-targets', { params: { query: { target } } }))
      .then(() => {
        toast(operatorText.blocked.unblocked(target));
        return cache.invalidateQueries({ queryKey: ['blocked'] });
      })
      .catch(toastError);
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.blocked}</h1>
          <p class="lead">{operatorText.blocked.lead}</p>
        </div>
        <button type="button" class="button primary" onClick={() => setAdding(true)}>
          <Icon name="plus" />
          {operatorText.blocked.add}
        </button>
      </header>
      <div class="filters" role="search">
        <div class="search-box">
          <Icon name="search" />
          <input
            id="search"
            type="search"
            aria-label={operatorText.blocked.prefix}
            placeholder={operatorText.blocked.prefix}
            maxLength={500}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </div>
      </div>
      <section class="panel flush">
        <Shown query={list} rows={5}>
          {({ items }) =>
            items.length === 0 && !list.hasNextPage ? (
              <Empty title={prefix ? operatorText.blocked.noneWith : operatorText.blocked.none} />
            ) : (
              <ScrollBox label={text.nav.blocked}>
                <table class="list">
                  <thead>
                    <tr>
                      <th scope="col">{operatorText.target}</th>
                      <th scope="col">{operatorText.reason}</th>
                      <th scope="col">{operatorText.note}</th>
                      <th scope="col">{operatorText.blocked.added}</th>
                      <th scope="col">{operatorText.blocked.by}</th>
                      <th scope="col">
                        <span class="visually-hidden">{text.links.actions}</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((entry) => (
                      <tr key={entry.target}>
                        <td class="wrap mono">{entry.target}</td>
                        <td>
                          <span class="badge bad">{operatorText.reasons[entry.reason]}</span>
                        </td>
                        <td class="wrap muted">{entry.note}</td>
                        <td class="nowrap">{formatDateTime(entry.added_at)}</td>
                        <td class="muted small">{entry.added_by}</td>
                        <td>
                          <button type="button" class="button small" onClick={() => setRemoved(entry.target)}>
                            {operatorText.blocked.unblock}
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
      {adding && <Block onClose={() => setAdding(false)} />}
      {removed !== null && (
        <Confirm
          title={operatorText.blocked.unblockTitle(removed)}
          action={operatorText.blocked.unblock}
          danger
          onConfirm={() => unblock(removed)}
          onClose={() => setRemoved(null)}
        >
          <p>{operatorText.blocked.unblockText}</p>
        </Confirm>
      )}
    </>
  );
}

function Block({ onClose }: { onClose: () => void }) {
  const [targets, setTargets] = useState('');
  const [reason, setReason] = useState<BlockReason>('phishing');
  const [note, setNote] = useState('');
  const lines = [...new Set(targets.split(/\s+/).filter(Boolean))];
  const save = useAction({
    mutationFn: () => {
      const items = lines.map((target) => ({ target, reason, note: note.trim() || null }));
      return body(api.POST('/v1/blocked-targets', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: { items } }));
    },
    onSuccess: ({ items }) => {
      toast(operatorText.blocked.done(items.length));
      cache.invalidateQueries({ queryKey: ['blocked'] });
      onClose();
    },
  });
  const problem = save.error instanceof Problem ? save.error : null;
  const wrong = problem?.errors.find(({ pointer }) => /^\/items\/\d+\/target/.test(pointer));
  const line = Number(wrong?.pointer.split('/')[2]);
  const error = lines.length > MOST ? operatorText.blocked.tooMany(MOST) : wrong && `${lines[line] ?? ''}: ${wrong.detail}`;
  return (
    <Dialog title={operatorText.blocked.add} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field
          label={operatorText.blocked.many}
          hint={`${operatorText.blocked.manyHint(MOST)}. ${operatorText.targetHint}`}
          error={error || undefined}
        >
          <textarea
            class="mono"
            rows={5}
            spellcheck={false}
            autocapitalize="off"
            value={targets}
            onInput={(event) => setTargets(event.currentTarget.value)}
          />
        </Field>
        <ReasonFields
          reason={reason}
          note={note}
          onReason={setReason}
          onNote={setNote}
          noteError={problem?.errors.find(({ pointer }) => pointer.endsWith('/note'))?.detail}
        />
        {save.error !== null && !wrong && <ErrorBox error={save.error} />}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {text.actions.cancel}
          </button>
          <button type="submit" class="button danger" disabled={save.isPending || lines.length === 0 || lines.length > MOST}>
            {operatorText.blocked.action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
