import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useAction } from '../../api/action';
import { cache } from '../../api/cache';
import { type Answer, answer, api } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Link, LinkPatch } from '../../api/types';
import { askBeforeLeaving } from '../../lib/leave';
import { text } from '../../text';
import { ErrorBox } from '../../ui/states';
import { toast } from '../../ui/toasts';
import { Conflict } from './conflict';
import { type Draft, draftOf, isChanged, newLinkOf, patchOf } from './draft';
import { Facts } from './facts';
import { Basics, Forwarding, Limits, PreviewFields } from './fields';
import { QrBox } from './qr';
import { Rules } from './rules';
import { Utm } from './utm_fields';
import { Variants } from './variants';

interface Props {
  /** The link as it is; `null` for one that is being made. */
  link: Link | null;
  initial: Draft;
  mayChange: boolean;
  onSaved: (link: Link) => void;
}

export type SetDraft = (change: Partial<Draft>) => void;
export interface FieldsProps {
  draft: Draft;
  set: SetDraft;
  /** What the API says about the field at a pointer. */
  errorAt: (pointer: string) => string | undefined;
}

export function Editor({ link, initial, mayChange, onSaved }: Props) {
  const [draft, setDraft] = useState(initial);
  const [theirs, setTheirs] = useState<Answer<Link> | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const dirty = useRef(false);
  const set: SetDraft = (change) => setDraft((before) => ({ ...before, ...change }));
  const changed = link === null || isChanged(initial, draft);

  const save = useAction({
    mutationFn: async (etag: string | null) => {
      if (link === null) {
        const header = { 'Idempotency-Key': crypto.randomUUID() };
        return answer(api.POST('/v1/links', { params: { header }, body: newLinkOf(draft) }));
      }
      return change(link, patchOf(initial, draft), etag);
    },
    onSuccess: ({ data }) => {
      dirty.current = false;
      toast(link === null ? text.link.created(data.short_url) : text.link.saved);
      cache.invalidateQueries({ queryKey: ['links'] });
      onSaved(data);
    },
    onError: async (error) => {
      if (error instanceof Problem && error.status === 412 && link !== null) setTheirs(await readAgain(link));
    },
  });
  const problem = save.error instanceof Problem ? save.error : null;
  // Once the errors stand at their fields, the first of them has the focus.
  useLayoutEffect(() => {
    if (save.error !== null) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [save.error]);
  const errorAt = (pointer: string) => problem?.at(pointer);

  dirty.current = link !== null && changed && mayChange;
  useEffect(() => askBeforeLeaving(() => (dirty.current ? text.link.leave : null)), []);

  const fields = { draft, set, errorAt };
  const etag = link === null ? null : (cache.getQueryData<Answer<Link>>(['link', link.domain, link.slug])?.etag ?? null);
  return (
    <div class="editor">
      <form
        ref={form}
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (changed && mayChange && !save.isPending) save.mutate(etag);
        }}
        onKeyDown={(event) => {
          if ((event.metaKey || event.ctrlKey) && event.key === 's') {
            event.preventDefault();
            form.current?.requestSubmit();
          }
        }}
      >
        {!mayChange && <p class="note">{text.link.readOnly}</p>}
        <fieldset disabled={!mayChange} class="form">
          <legend class="visually-hidden">{text.link.settings}</legend>
          <Basics {...fields} link={link} />
          <Utm {...fields} />
          <Limits {...fields} link={link} />
          <Rules {...fields} />
          <Variants {...fields} />
          <Forwarding {...fields} />
          <PreviewFields {...fields} />
        </fieldset>
        {problem !== null && problem.status !== 412 && <ErrorBox error={problem} />}
        {mayChange && (
          <div class="save-bar">
            <span class="muted small">{link === null ? '' : changed ? text.link.unsaved : text.link.allSaved}</span>
            {link !== null && changed && (
              <button type="button" class="button" onClick={() => setDraft(initial)}>
                {text.link.discard}
              </button>
            )}
            <button type="submit" class="button primary" disabled={!changed || save.isPending}>
              {save.isPending ? text.link.saving : link === null ? text.link.create : text.link.save}
            </button>
          </div>
        )}
      </form>
      <aside class="form">
        {link !== null && <QrBox link={link} />}
        {link !== null && <Facts link={link} />}
        {link === null && <p class="note">{text.link.defaultsHint}</p>}
      </aside>
      {theirs !== null && link !== null && (
        <Conflict
          patch={patchOf(initial, draft)}
          theirs={draftOf(theirs.data)}
          onMine={() => {
            setTheirs(null);
            save.mutate(theirs.etag);
          }}
          onTheirs={() => {
            setTheirs(null);
            cache.setQueryData(['link', link.domain, link.slug], theirs);
            setDraft(draftOf(theirs.data));
          }}
          onClose={() => setTheirs(null)}
        />
      )}
    </div>
  );
}

function change(link: Link, patch: LinkPatch, etag: string | null): Promise<Answer<Link>> {
  return answer(
    api.PATCH('/v1/links/{slug}', {
      params: {
        path: { slug: link.slug },
        query: { domain: link.domain },
        header: etag === null ? {} : { 'If-Match': etag },
      },
      body: patch,
      headers: { 'Content-Type': 'application/merge-patch+json' },
    }),
  );
}

function readAgain(link: Link): Promise<Answer<Link>> {
  return answer(api.GET('/v1/links/{slug}', { params: { path: { slug: link.slug }, query: { domain: link.domain, include: 'clicks' } } }));
}
