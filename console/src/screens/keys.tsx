import { useState } from 'preact/hooks';
import { useAction } from '../api/action';
import { cache } from '../api/cache';
import { api, body } from '../api/client';
import { useMe } from '../api/me';
import { usePages } from '../api/pages';
import { Problem } from '../api/problem';
import type { Key, NewKey, Role } from '../api/types';
import { fromLocalInput } from '../lib/dates';
import { formatDate, formatRelative, TIME_ZONE } from '../lib/format';
import { useTitle } from '../lib/hooks';
import { text } from '../text';
import { settingsText } from '../text/settings';
import { CopyButton } from '../ui/copy';
import { Confirm, Dialog } from '../ui/dialog';
import { Check, Field } from '../ui/field';
import { Icon } from '../ui/icons';
import { More } from '../ui/more';
import { ScrollBox } from '../ui/scroll_box';
import { Empty, ErrorBox, Shown } from '../ui/states';
import { TagInput } from '../ui/tag_input';
import { toast, toastError } from '../ui/toasts';

const ROLES: Role[] = ['viewer', 'editor', 'admin'];

export function Keys() {
  useTitle(text.nav.keys);
  const me = useMe();
  const [creating, setCreating] = useState(false);
  const [revoked, setRevoked] = useState<Key | null>(null);
  const list = usePages({
    queryKey: ['keys'],
    page: (query, signal) => body(api.GET('/v1/keys', { params: { query: { limit: 100, ...query } }, signal })),
  });
  const revoke = useAction({
    mutationFn: (key: Key) => body(api.DELETE('/v1/keys/{key_id}', { params: { path: { key_id: key.key_id } } })),
    onSuccess: (_, key) => {
      toast(settingsText.keys.revoked(key.name));
      cache.invalidateQueries({ queryKey: ['keys'] });
    },
    onError: toastError,
  });
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.keys}</h1>
          <p class="lead">{settingsText.keys.lead}</p>
        </div>
        <button type="button" class="button primary" onClick={() => setCreating(true)}>
          <Icon name="plus" />
          {settingsText.keys.create}
        </button>
      </header>
      <section class="panel flush">
        <Shown query={list} rows={4}>
          {({ items }) => {
            if (items.length === 0 && !list.hasNextPage) return <Empty title={settingsText.keys.none} />;
            return (
              <ScrollBox label={text.nav.keys}>
                <table class="list">
                  <thead>
                    <tr>
                      <th scope="col">{settingsText.keys.name}</th>
                      <th scope="col">{settingsText.keys.role}</th>
                      <th scope="col">{settingsText.keys.reach}</th>
                      <th scope="col">{settingsText.keys.created}</th>
                      <th scope="col">{settingsText.keys.lastUsed}</th>
                      <th scope="col">{settingsText.keys.expires}</th>
                      <th scope="col">
                        <span class="visually-hidden">{text.links.actions}</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((key) => (
                      <tr key={key.key_id}>
                        <td>
                          <span class="row tight">
                            {key.name}
                            {key.key_id === me.credential.id && <span class="badge good">{settingsText.keys.own}</span>}
                          </span>
                          <code class="muted small">{key.key_id}</code>
                        </td>
                        <td>{text.roles[key.role]}</td>
                        <td class="wrap muted">{reachOf(key)}</td>
                        <td class="nowrap muted">{formatDate(key.created_at)}</td>
                        <td class="nowrap muted">{key.last_used_at ? formatRelative(key.last_used_at) : settingsText.keys.never}</td>
                        <td class="nowrap">
                          {key.expires_at ? (
                            <span class={Date.parse(key.expires_at) < Date.now() ? 'badge bad' : 'muted'}>
                              {formatDate(key.expires_at)}
                            </span>
                          ) : (
                            <span class="muted">{settingsText.keys.never}</span>
                          )}
                        </td>
                        <td class="number">
                          <button type="button" class="button small" onClick={() => setRevoked(key)}>
                            {settingsText.keys.revoke}
                          </button>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </ScrollBox>
            );
          }}
        </Shown>
      </section>
      <More list={list} />
      {creating && <CreateKey onClose={() => setCreating(false)} />}
      {revoked && (
        <Confirm
          title={settingsText.keys.revokeTitle(revoked.name)}
          action={settingsText.keys.revoke}
          danger
          onConfirm={() => revoke.mutate(revoked)}
          onClose={() => setRevoked(null)}
        >
          <p>{revoked.key_id === me.credential.id ? settingsText.keys.revokeOwn : settingsText.keys.revokeText}</p>
        </Confirm>
      )}
    </>
  );
}

/** What a key reaches, in words. */
export function reachOf(key: Pick<Key, 'limits'>): string {
  const { limits } = key;
  if (!limits) return settingsText.keys.everything;
  return [
    limits.tags.length > 0 && settingsText.keys.limitTags(limits.tags.join(', ')),
    limits.domains.length > 0 && settingsText.keys.limitDomains(limits.domains.join(', ')),
    limits.own_links && settingsText.keys.limitOwn,
    limits.addresses.length > 0 && settingsText.keys.limitAddresses(limits.addresses.join(', ')),
  ]
    .filter(Boolean)
    .join('; ');
}

function CreateKey({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('editor');
  const [expires, setExpires] = useState('');
  const [tags, setTags] = useState<string[]>([]);
  const [domains, setDomains] = useState<string[]>([]);
  const [own, setOwn] = useState(false);
  const [addresses, setAddresses] = useState('');
  const create = useAction({
    mutationFn: () => {
      const ranges = addresses.split(/[,\s]+/).filter(Boolean);
      const limits = {
        ...(tags.length ? { tags } : {}),
        ...(domains.length ? { domains } : {}),
        ...(own ? { own_links: true } : {}),
        ...(ranges.length ? { addresses: ranges } : {}),
      };
      const request: NewKey = {
        name: name.trim(),
        role,
        ...(expires ? { expires_at: fromLocalInput(expires) } : {}),
        ...(Object.keys(limits).length ? { limits } : {}),
      };
      return body(api.POST('/v1/keys', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: request }));
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ['keys'] }),
  });
  const error = create.error instanceof Problem ? create.error : null;
  if (create.data) {
    return (
      <Dialog title={settingsText.keys.createdTitle(create.data.name)} onClose={onClose}>
        <p class="note warn">{settingsText.keys.once}</p>
        <pre class="code">{create.data.secret}</pre>
        <footer class="dialog-foot">
          <CopyButton value={create.data.secret} label={settingsText.keys.copy} withText />
          <button type="button" class="button primary" onClick={onClose}>
            {settingsText.keys.kept}
          </button>
        </footer>
      </Dialog>
    );
  }
  return (
    <Dialog title={settingsText.keys.create} onClose={onClose}>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Field label={settingsText.keys.name} hint={settingsText.keys.nameHint} error={error?.at('/name')}>
          <input type="text" autofocus value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </Field>
        <div class="pair">
          <Field label={settingsText.keys.role} hint={text.roleHints[role]} error={error?.at('/role')}>
            <select value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
              {ROLES.map((one) => (
                <option key={one} value={one}>
                  {text.roles[one]}
                </option>
              ))}
            </select>
          </Field>
          <Field label={settingsText.keys.expires} hint={text.link.zone(TIME_ZONE)} error={error?.at('/expires_at')}>
            <input type="datetime-local" value={expires} onInput={(event) => setExpires(event.currentTarget.value)} />
          </Field>
        </div>
        <details>
          <summary>{settingsText.keys.limits}</summary>
          <div class="form">
            <p class="hint">{settingsText.keys.limitsHint}</p>
            <Field label={settingsText.keys.tags} error={error?.at('/limits/tags')}>
              <TagInput value={tags} onChange={setTags} />
            </Field>
            <fieldset>
              <legend class="legend">{text.nav.domains}</legend>
              <div class="choices">
                {me.domains.map((domain) => (
                  <label class="row tight" key={domain}>
                    <input
                      type="checkbox"
                      checked={domains.includes(domain)}
                      onChange={() => setDomains(domains.includes(domain) ? domains.filter((one) => one !== domain) : [...domains, domain])}
                    />
                    {domain}
                  </label>
                ))}
              </div>
            </fieldset>
            <Check label={settingsText.keys.ownLinks} checked={own} onChange={setOwn} />
            <Field label={settingsText.keys.addresses} hint={settingsText.keys.addressesHint} error={error?.at('/limits/addresses')}>
              <input
                type="text"
                placeholder="203.0.113.0/24"
                value={addresses}
                onInput={(event) => setAddresses(event.currentTarget.value)}
              />
            </Field>
          </div>
        </details>
        {create.error !== null && <ErrorBox error={create.error} />}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {text.actions.cancel}
          </button>
          <button type="submit" class="button primary" disabled={create.isPending || name.trim() === ''}>
            {settingsText.keys.create}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
