import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useAction } from '../../api/action';
import { api, body } from '../../api/client';
import type { StoredFile } from '../../api/files';
import { isAtLeast, useMe } from '../../api/me';
import { Problem } from '../../api/problem';
import type { Link } from '../../api/types';
import { formatDateTime, TIME_ZONE } from '../../lib/format';
import { linkPath } from '../../lib/targets';
import { text } from '../../text';
import { filesText } from '../../text/files';
import { CopyButton, copy } from '../../ui/copy';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { Empty, ErrorBox, Shown } from '../../ui/states';
import { toast } from '../../ui/toasts';
import { emptyDraft, newLinkOf } from '../link/draft';
import { QrBox } from '../link/qr';
import { SlugField } from '../link/slug_field';
import { LinkBadges } from '../links/row';
import { addLinkTo, useLinksTo } from './links_to';

/** Makes links to a file, and lists those that there are. */
export function Share({ file }: { file: StoredFile }) {
  const me = useMe();
  const links = useLinksTo(file);
  const [coded, setCoded] = useState<Link | null>(null);
  return (
    <>
      {isAtLeast(me, 'editor') && <NewShare file={file} />}
      <section class="panel">
        <div class="panel-head">
          <h2>{filesText.links.title}</h2>
        </div>
        <Shown query={links} rows={2}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={filesText.links.none} />
            ) : (
              <>
                <ul class="plain-list">
                  {items.map((link) => (
                    <Shared key={link.id} link={link} onCode={() => setCoded(link)} />
                  ))}
                </ul>
                <p class="hint">{filesText.links.hint}</p>
              </>
            )
          }
        </Shown>
      </section>
      {coded && (
        <Dialog title={filesText.links.qr(`${coded.domain}/${coded.slug}`)} onClose={() => setCoded(null)}>
          <QrBox link={coded} />
        </Dialog>
      )}
    </>
  );
}

function Shared({ link, onCode }: { link: Link; onCode: () => void }) {
  const address = `${link.domain}/${link.slug}`;
  const { max_clicks: most, used_clicks: used, expires_at: end } = link;
  const facts = [
    most ? filesText.links.used(used, most) : link.clicks !== null && link.clicks !== undefined && filesText.links.clicks(link.clicks),
    end && filesText.links.until(formatDateTime(end)),
  ];
  return (
    <li>
      <span class="grow">
        <span class="row tight">
          <a class="clip" href={linkPath(link)}>
            {address}
          </a>
          <LinkBadges link={link} />
        </span>
        <span class="muted small">{facts.filter(Boolean).join(' · ')}</span>
      </span>
      <CopyButton value={link.short_url} label={text.links.copy(address)} />
      <button type="button" class="button ghost icon-only" aria-label={filesText.links.qr(address)} onClick={onCode}>
        <Icon name="qr" />
      </button>
      <a class="button ghost icon-only" href={linkPath(link)} aria-label={filesText.links.edit(address)}>
        <Icon name="edit" />
      </a>
    </li>
  );
}

function NewShare({ file }: { file: StoredFile }) {
  const me = useMe();
  const empty = { ...emptyDraft(me.default_domain), url: file.target };
  const [draft, setDraft] = useState(empty);
  const form = useRef<HTMLFormElement>(null);
  const set = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  const create = useAction({
    mutationFn: () =>
      body(api.POST('/v1/links', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: newLinkOf(draft) })),
    onSuccess: async (link) => {
      addLinkTo(file.id, link);
      setDraft({ ...empty, domain: draft.domain });
      const copied = await copy(link.short_url);
      toast(copied ? filesText.links.copied(link.short_url) : filesText.links.created(link.short_url));
    },
  });
  const problem = create.error instanceof Problem ? create.error : null;
  useLayoutEffect(() => {
    if (create.error !== null) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [create.error]);
  return (
    <form
      ref={form}
      class="panel form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!create.isPending) create.mutate();
      }}
    >
      <h2>{filesText.links.create}</h2>
      <div class="address-field">
        <Field label={text.link.domain} error={problem?.at('/domain')}>
          <select value={draft.domain} onChange={(event) => set({ domain: event.currentTarget.value })}>
            {me.domains.map((domain) => (
              <option key={domain} value={domain}>
                {domain}
              </option>
            ))}
          </select>
        </Field>
        <SlugField draft={draft} set={set} error={problem?.at('/slug')} link={null} />
      </div>
      <div class="pair share-fields">
        <Field label={filesText.links.expires} hint={filesText.links.expiresHint(TIME_ZONE)} error={problem?.at('/expires_at')}>
          <input type="datetime-local" value={draft.expires_at} onInput={(event) => set({ expires_at: event.currentTarget.value })} />
        </Field>
        <Field label={filesText.links.downloads} hint={filesText.links.downloadsHint} error={problem?.at('/max_clicks')}>
          <input
            type="number"
            min={1}
            inputMode="numeric"
            value={draft.max_clicks}
            onInput={(event) => set({ max_clicks: event.currentTarget.value })}
          />
        </Field>
        <Field label={filesText.links.password} hint={filesText.links.passwordHint} error={problem?.at('/password')}>
          <input
            type="password"
            autocomplete="new-password"
            maxLength={128}
            value={draft.password}
            onInput={(event) => set({ password: event.currentTarget.value })}
          />
        </Field>
      </div>
      {problem !== null && <ErrorBox error={problem} />}
      <div class="row">
        <button type="submit" class="button primary" disabled={create.isPending}>
          <Icon name="link" />
          {create.isPending ? filesText.links.creating : filesText.links.create}
        </button>
      </div>
    </form>
  );
}
