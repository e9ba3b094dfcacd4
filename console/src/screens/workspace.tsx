import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { useAction } from '../api/action';
import { cache } from '../api/cache';
import { type Answer, answer, api, body } from '../api/client';
import { isAtLeast, useMe } from '../api/me';
import { Problem } from '../api/problem';
import type { OnBroken, Workspace } from '../api/types';
import { formatBytes, formatNumber } from '../lib/format';
import { useTitle } from '../lib/hooks';
import { UTM_FIELDS } from '../lib/utm';
import { text } from '../text';
import { settingsText } from '../text/settings';
import { Check, Field } from '../ui/field';
import { Icon } from '../ui/icons';
import { ErrorBox, Shown } from '../ui/states';
import { TagInput } from '../ui/tag_input';
import { toast } from '../ui/toasts';
import { newKey } from './link/draft';

const ON_BROKEN: OnBroken[] = ['nothing', 'archive', 'expired_url'];

export function WorkspaceScreen() {
  useTitle(text.nav.workspace);
  const me = useMe();
  const query = useQuery({
    queryKey: ['workspace'],
    queryFn: ({ signal }) => answer(api.GET('/v1/workspace', { signal })),
    refetchOnWindowFocus: false,
  });
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.workspace}</h1>
          <p class="lead">{me.workspace}</p>
        </div>
      </header>
      <div class="editor">
        <Shown query={query} rows={6}>
          {(workspace) => <WorkspaceForm key={workspace.etag} workspace={workspace} />}
        </Shown>
        <aside class="form">
          <Stack />
        </aside>
      </div>
    </>
  );
}

function WorkspaceForm({ workspace }: { workspace: Answer<Workspace> }) {
  const me = useMe();
  const mayChange = isAtLeast(me, 'admin');
  const { defaults } = workspace.data;
  const [fields, setFields] = useState({
    domain: defaults.domain ?? '',
    tags: defaults.tags ?? [],
    redirect_status: String(defaults.redirect_status ?? ''),
    expires_after_days: defaults.expires_after_days?.toString() ?? '',
    slug_length: defaults.slug_length?.toString() ?? '',
    utm_template: defaults.utm_template ?? '',
    forward_query: defaults.forward_query ?? false,
    forward_path: defaults.forward_path ?? false,
    titles: workspace.data.titles,
    on_broken: workspace.data.on_broken,
    templates: workspace.data.utm_templates.map((template) => ({ key: newKey(), ...template })),
  });
  const set = (change: Partial<typeof fields>) => setFields({ ...fields, ...change });
  const save = useAction({
    mutationFn: () => {
      const number = (value: string) => (value.trim() === '' ? null : Number(value));
      const patch = {
        titles: fields.titles,
        on_broken: fields.on_broken,
        defaults: {
          domain: fields.domain || null,
          tags: fields.tags.length ? fields.tags : null,
          redirect_status: number(fields.redirect_status),
          expires_after_days: number(fields.expires_after_days),
          slug_length: number(fields.slug_length),
          utm_template: fields.utm_template || null,
          // What is off already is absent: absent and false are not the same to those who read the settings.
          ...(fields.forward_query || defaults.forward_query != null ? { forward_query: fields.forward_query } : {}),
          ...(fields.forward_path || defaults.forward_path != null ? { forward_path: fields.forward_path } : {}),
        },
        utm_templates: fields.templates.map(({ key: _, ...template }) =>
          Object.fromEntries(Object.entries(template).filter(([, value]) => value !== '' && value !== null)),
        ),
      };
      const header = workspace.etag === null ? {} : { 'If-Match': workspace.etag };
      const headers = { 'Content-Type': 'application/merge-patch+json' };
      return answer(api.PATCH('/v1/workspace', { params: { header }, body: patch as never, headers }));
    },
    onSuccess: (saved) => {
      cache.setQueryData(['workspace'], saved);
      toast(settingsText.workspace.saved);
    },
  });
  const error = save.error instanceof Problem ? save.error : null;
  const at = (pointer: string) => error?.at(pointer);
  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      {!mayChange && <p class="note">{settingsText.workspace.readOnly}</p>}
      <fieldset class="form" disabled={!mayChange}>
        <legend class="visually-hidden">{text.nav.workspace}</legend>
        <section class="panel form">
          <h2>{settingsText.workspace.defaults}</h2>
          <p class="hint">{settingsText.workspace.defaultsHint}</p>
          <div class="pair">
            <Field label={text.link.domain} error={at('/defaults/domain')}>
              <select value={fields.domain} onChange={(event) => set({ domain: event.currentTarget.value })}>
                <option value="">{settingsText.workspace.ofStack(me.default_domain)}</option>
                {me.domains.map((domain) => (
                  <option key={domain} value={domain}>
                    {domain}
                  </option>
                ))}
              </select>
            </Field>
            <Field label={text.link.status} error={at('/defaults/redirect_status')}>
              <select value={fields.redirect_status} onChange={(event) => set({ redirect_status: event.currentTarget.value })}>
                <option value="">{settingsText.workspace.notSet}</option>
                {([302, 301, 307, 308] as const).map((status) => (
                  <option key={status} value={status}>
                    {text.link.statuses[status]}
                  </option>
                ))}
              </select>
            </Field>
            <Field
              label={settingsText.workspace.expiresAfter}
              hint={settingsText.workspace.expiresAfterHint}
              error={at('/defaults/expires_after_days')}
            >
              <input
                type="number"
                min={0}
                max={36500}
                value={fields.expires_after_days}
                onInput={(event) => set({ expires_after_days: event.currentTarget.value })}
              />
            </Field>
            <Field
              label={settingsText.workspace.slugLength}
              hint={settingsText.workspace.slugLengthHint}
              error={at('/defaults/slug_length')}
            >
              <input
                type="number"
                min={4}
                max={32}
                value={fields.slug_length}
                onInput={(event) => set({ slug_length: event.currentTarget.value })}
              />
            </Field>
          </div>
          <Field label={text.links.tags} error={at('/defaults/tags')}>
            <TagInput value={fields.tags} onChange={(tags) => set({ tags })} />
          </Field>
          <Check label={text.link.forwardPath} checked={fields.forward_path} onChange={(forward_path) => set({ forward_path })} />
          <Check label={text.link.forwardQuery} checked={fields.forward_query} onChange={(forward_query) => set({ forward_query })} />
          <Check
            label={settingsText.workspace.titles}
            hint={settingsText.workspace.titlesHint}
            checked={fields.titles}
            onChange={(titles) => set({ titles })}
          />
          <Field label={settingsText.workspace.onBroken} hint={settingsText.workspace.onBrokenHint} error={at('/on_broken')}>
            <select value={fields.on_broken} onChange={(event) => set({ on_broken: event.currentTarget.value as OnBroken })}>
              {ON_BROKEN.map((rule) => (
                <option key={rule} value={rule}>
                  {settingsText.workspace.brokenRules[rule]}
                </option>
              ))}
            </select>
          </Field>
        </section>
        <section class="panel form">
          <h2>{settingsText.workspace.templates}</h2>
          <p class="hint">{settingsText.workspace.templatesHint}</p>
          <div class="cards">
            {fields.templates.map((template, index) => {
              const change = (name: string, value: string) =>
                set({ templates: fields.templates.map((one) => (one.key === template.key ? { ...one, [name]: value } : one)) });
              return (
                <div class="card" key={template.key}>
                  <header>
                    <h3>{template.name || settingsText.workspace.newTemplate}</h3>
                    <button
                      type="button"
                      class="button ghost icon-only"
                      aria-label={settingsText.workspace.removeTemplate(template.name)}
                      onClick={() => set({ templates: fields.templates.filter((one) => one.key !== template.key) })}
                    >
                      <Icon name="trash" />
                    </button>
                  </header>
                  <div class="pair">
                    <Field label={settingsText.workspace.templateName} error={at(`/utm_templates/${index}/name`)}>
                      <input type="text" value={template.name} onInput={(event) => change('name', event.currentTarget.value)} />
                    </Field>
                    {UTM_FIELDS.map((field) => (
                      <Field key={field} label={text.utm.fields[field]} error={at(`/utm_templates/${index}/${field}`)}>
                        <input
                          type="text"
                          maxLength={200}
                          value={template[field] ?? ''}
                          onInput={(event) => change(field, event.currentTarget.value)}
                        />
                      </Field>
                    ))}
                  </div>
                </div>
              );
            })}
            <button
              type="button"
              class="button small add"
              disabled={fields.templates.length >= 50}
              onClick={() => set({ templates: [...fields.templates, { key: newKey(), name: '' }] })}
            >
              <Icon name="plus" />
              {settingsText.workspace.addTemplate}
            </button>
          </div>
          {fields.templates.length > 0 && (
            <Field label={settingsText.workspace.defaultTemplate} error={at('/defaults/utm_template')}>
              <select value={fields.utm_template} onChange={(event) => set({ utm_template: event.currentTarget.value })}>
                <option value="">{settingsText.workspace.noTemplate}</option>
                {fields.templates
                  .filter(({ name }) => name !== '')
                  .map(({ key, name }) => (
                    <option key={key} value={name}>
                      {name}
                    </option>
                  ))}
              </select>
            </Field>
          )}
        </section>
      </fieldset>
      {error !== null && <ErrorBox error={error} />}
      {error?.status === 412 && (
        <button type="button" class="button" onClick={() => cache.invalidateQueries({ queryKey: ['workspace'] })}>
          {settingsText.workspace.readAgain}
        </button>
      )}
      {mayChange && (
        <div class="save-bar">
          <button type="submit" class="button primary" disabled={save.isPending}>
            {text.actions.save}
          </button>
        </div>
      )}
    </form>
  );
}

/** What this stack is: version, health, limits of the caller. */
function Stack() {
  const me = useMe();
  const health = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => body(api.GET('/healthz', { signal })),
    refetchInterval: 30_000,
  });
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{settingsText.workspace.stack}</h2>
      </div>
      <dl class="facts">
        <dt>{settingsText.workspace.version}</dt>
        <dd>{me.version}</dd>
        <dt>{settingsText.workspace.health}</dt>
        <dd>
          {health.data ? (
            <span class={`badge ${health.data.status === 'ok' ? 'good' : 'bad'}`}>{health.data.status}</span>
          ) : (
            <span class={health.error ? 'badge bad' : 'muted'}>{health.error ? text.states.failed : '…'}</span>
          )}
        </dd>
        <dt>{settingsText.workspace.requests}</dt>
        <dd>
          {me.limits.requests
            ? settingsText.workspace.rate(me.limits.requests.per_second, me.limits.requests.burst)
            : settingsText.workspace.unlimited}
        </dd>
        <dt>{settingsText.workspace.importSize}</dt>
        <dd>{formatBytes(me.limits.import_bytes)}</dd>
        <dt>{settingsText.workspace.tagsEach}</dt>
        <dd>{formatNumber(me.limits.tags)}</dd>
        <dt>{settingsText.workspace.countries}</dt>
        <dd>{me.features.countries ? settingsText.workspace.on : settingsText.workspace.off}</dd>
        <dt>{settingsText.workspace.archive}</dt>
        <dd>{settingsText.workspace.days(me.features.archive_days)}</dd>
        <dt>{settingsText.workspace.files}</dt>
        <dd>{settingsText.workspace.days(me.features.file_days)}</dd>
      </dl>
    </section>
  );
}
