import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { useAction } from '../api/action';
import { cache } from '../api/cache';
import { answer, api, body } from '../api/client';
import { isAtLeast, isLimited, useMe } from '../api/me';
import { Problem } from '../api/problem';
import type { Domain } from '../api/types';
import { useTitle } from '../lib/hooks';
import { text } from '../text';
import { settingsText } from '../text/settings';
import { Dialog } from '../ui/dialog';
import { Check, Field } from '../ui/field';
import { ErrorBox, Shown } from '../ui/states';
import { toast } from '../ui/toasts';

const ADDRESSES = ['root_url', 'not_found_url', 'expired_url'] as const;

export function Domains() {
  useTitle(text.nav.domains);
  const me = useMe();
  const [edited, setEdited] = useState<string | null>(null);
  const list = useQuery({
    queryKey: ['domains'],
    queryFn: ({ signal }) => body(api.GET('/v1/domains', { params: { query: { limit: 100 } }, signal })),
  });
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.domains}</h1>
          <p class="lead">{settingsText.domains.lead}</p>
        </div>
      </header>
      <Shown query={list} rows={4}>
        {({ items }) => (
          <div class="grid">
            {items.map((domain) => (
              <section class="panel half" key={domain.domain}>
                <div class="panel-head">
                  <h2 class="row tight">
                    {domain.domain}
                    {domain.is_default && <span class="badge good">{settingsText.domains.default}</span>}
                    {domain.is_own && <span class="badge">{settingsText.domains.own}</span>}
                    {!domain.is_open && <span class="badge warn">{settingsText.domains.closed}</span>}
                  </h2>
                  {domain.is_managed && isAtLeast(me, 'admin') && (
                    <button type="button" class="button small" onClick={() => setEdited(domain.domain)}>
                      {text.actions.edit}
                    </button>
                  )}
                </div>
                <dl class="facts">
                  {ADDRESSES.map((name) => (
                    <Fact key={name} name={settingsText.domains.fields[name]} value={domain[name]} />
                  ))}
                  <dt>{settingsText.domains.case}</dt>
                  <dd>{settingsText.domains.cases[domain.slugs.case]}</dd>
                  {domain.workspaces !== undefined && (
                    <Fact
                      name={settingsText.domains.workspaces}
                      value={domain.workspaces?.join(', ')}
                      absent={settingsText.domains.allWorkspaces}
                    />
                  )}
                  <dt>{settingsText.domains.apps}</dt>
                  <dd class="muted">
                    {[domain.apple_app_site_association && 'iOS', domain.assetlinks && 'Android'].filter(Boolean).join(', ') ||
                      settingsText.domains.none}
                  </dd>
                </dl>
                {domain.is_managed && !isLimited(me) && (
                  <p>
                    <a href={`/console/domains/${encodeURIComponent(domain.domain)}/misses`}>{settingsText.domains.misses}</a>
                  </p>
                )}
                {!domain.is_managed && <p class="hint">{settingsText.domains.notManaged}</p>}
              </section>
            ))}
          </div>
        )}
      </Shown>
      {edited && <EditDomain domain={edited} onClose={() => setEdited(null)} />}
    </>
  );
}

function Fact({ name, value, absent = settingsText.domains.ofStack }: { name: string; value: string | null | undefined; absent?: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value ? value : <span class="muted">{absent}</span>}</dd>
    </>
  );
}

function EditDomain({ domain, onClose }: { domain: string; onClose: () => void }) {
  const query = useQuery({
    queryKey: ['domain', domain],
    queryFn: ({ signal }) => answer(api.GET('/v1/domains/{domain}', { params: { path: { domain } }, signal })),
    refetchOnWindowFocus: false,
    staleTime: 0,
  });
  return (
    <Dialog title={domain} onClose={onClose}>
      <Shown query={query}>{({ data, etag }) => <DomainForm key={etag} settings={data} etag={etag} onClose={onClose} />}</Shown>
    </Dialog>
  );
}

function DomainForm({ settings, etag, onClose }: { settings: Domain; etag: string | null; onClose: () => void }) {
  const [fields, setFields] = useState({
    root_url: settings.root_url ?? '',
    not_found_url: settings.not_found_url ?? '',
    expired_url: settings.expired_url ?? '',
    case: settings.slugs.case,
    slashes: settings.slugs.slashes,
    characters: settings.slugs.characters,
    apple: settings.apple_app_site_association ? JSON.stringify(settings.apple_app_site_association, null, 2) : '',
    android: settings.assetlinks ? JSON.stringify(settings.assetlinks, null, 2) : '',
  });
  const [wrongJson, setWrongJson] = useState<string | null>(null);
  const save = useAction({
    mutationFn: async () => {
      const documents = { apple_app_site_association: parsed(fields.apple), assetlinks: parsed(fields.android) };
      const patch = {
        root_url: fields.root_url.trim() || null,
        not_found_url: fields.not_found_url.trim() || null,
        expired_url: fields.expired_url.trim() || null,
        slugs: { case: fields.case, slashes: fields.slashes, characters: fields.characters },
        assetlinks: documents.assetlinks,
      };
      const path = { domain: settings.domain };
      const headers = { 'Content-Type': 'application/merge-patch+json' };
      const before = settings.apple_app_site_association ?? null;
      const apple = documents.apple_app_site_association;
      const changed = JSON.stringify(before) !== JSON.stringify(apple);
      // A merge patch merges objects. What is to replace the document needs it gone first.
      let tag = etag;
      if (changed && before !== null && apple !== null) {
        const header = tag === null ? {} : { 'If-Match': tag };
        tag = (
          await answer(api.PATCH('/v1/domains/{domain}', { params: { path, header }, body: { apple_app_site_association: null }, headers }))
        ).etag;
      }
      const header = tag === null ? {} : { 'If-Match': tag };
      const whole = { ...patch, ...(changed ? { apple_app_site_association: apple } : {}) };
      return answer(api.PATCH('/v1/domains/{domain}', { params: { path, header }, body: whole as never, headers }));
    },
    onSuccess: () => {
      toast(settingsText.domains.saved);
      cache.invalidateQueries({ queryKey: ['domains'] });
      cache.removeQueries({ queryKey: ['domain', settings.domain] });
      onClose();
    },
    onError: (error) => {
      if (error instanceof Problem && error.status === 412) cache.invalidateQueries({ queryKey: ['domain', settings.domain] });
    },
  });
  const error = save.error instanceof Problem ? save.error : null;
  const set = (change: Partial<typeof fields>) => setFields({ ...fields, ...change });
  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const wrong = [fields.apple, fields.android].find((document) => !isJson(document));
        setWrongJson(wrong ?? null);
        if (wrong === undefined) save.mutate();
      }}
    >
      {ADDRESSES.map((name) => (
        <Field key={name} label={settingsText.domains.fields[name]} hint={settingsText.domains.hints[name]} error={error?.at(`/${name}`)}>
          <input
            type="text"
            inputMode="url"
            value={fields[name]}
            placeholder="https://"
            onInput={(event) => set({ [name]: event.currentTarget.value })}
          />
        </Field>
      ))}
      <Field label={settingsText.domains.case} hint={settingsText.domains.caseHint} error={error?.at('/slugs')}>
        <select value={fields.case} onChange={(event) => set({ case: event.currentTarget.value as 'sensitive' })}>
          <option value="sensitive">{settingsText.domains.cases.sensitive}</option>
          <option value="insensitive">{settingsText.domains.cases.insensitive}</option>
        </select>
      </Field>
      <Check
        label={settingsText.domains.slashes}
        hint={settingsText.domains.slashesHint}
        checked={fields.slashes}
        onChange={(slashes) => set({ slashes })}
      />
      <Check
        label={settingsText.domains.unicode}
        hint={settingsText.domains.unicodeHint}
        checked={fields.characters === 'unicode'}
        onChange={(unicode) => set({ characters: unicode ? 'unicode' : 'ascii' })}
      />
      <details>
        <summary>{settingsText.domains.apps}</summary>
        <div class="form">
          <Field
            label="apple-app-site-association"
            error={
              error?.at('/apple_app_site_association') ??
              (wrongJson !== null && wrongJson === fields.apple ? settingsText.domains.notJson : undefined)
            }
          >
            <textarea
              class="mono"
              spellcheck={false}
              rows={6}
              value={fields.apple}
              onInput={(event) => set({ apple: event.currentTarget.value })}
            />
          </Field>
          <Field
            label="assetlinks.json"
            error={
              error?.at('/assetlinks') ?? (wrongJson !== null && wrongJson === fields.android ? settingsText.domains.notJson : undefined)
            }
          >
            <textarea
              class="mono"
              spellcheck={false}
              rows={6}
              value={fields.android}
              onInput={(event) => set({ android: event.currentTarget.value })}
            />
          </Field>
        </div>
      </details>
      {error !== null && <ErrorBox error={error} />}
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          {text.actions.cancel}
        </button>
        <button type="submit" class="button primary" disabled={save.isPending}>
          {text.actions.save}
        </button>
      </footer>
    </form>
  );
}

const parsed = (document: string) => (document.trim() === '' ? null : JSON.parse(document));

function isJson(document: string): boolean {
  try {
    parsed(document);
    return true;
  } catch {
    return false;
  }
}
