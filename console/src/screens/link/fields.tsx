import { useMe } from '../../api/me';
import type { Link } from '../../api/types';
import { TIME_ZONE } from '../../lib/format';
import { fileOfTarget, targetOf } from '../../lib/targets';
import { text } from '../../text';
import { Check, Field } from '../../ui/field';
import { TagInput } from '../../ui/tag_input';
import { fileHint } from '../files/names';
import type { FieldsProps } from './editor';
import { SlugField } from './slug_field';

const STATUSES = [302, 301, 307, 308] as const;

export function Basics({ draft, set, errorAt, link }: FieldsProps & { link: Link | null }) {
  const me = useMe();
  const moved = link !== null && (draft.slug !== link.slug || draft.domain !== link.domain);
  const domains = me.domains.includes(draft.domain) ? me.domains : [draft.domain, ...me.domains];
  return (
    <section class="panel form">
      <Field label={text.link.target} hint={fileHint(draft.url)} error={errorAt('/url')}>
        <input
          type="text"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
          autofocus={link === null}
          value={draft.url}
          placeholder="https://"
          onInput={(event) => set({ url: event.currentTarget.value })}
          onBlur={() => set({ url: targetOf(draft.url) ?? draft.url })}
        />
      </Field>
      <div class="address-field">
        <Field label={text.link.domain} error={errorAt('/domain')}>
          <select value={draft.domain} onChange={(event) => set({ domain: event.currentTarget.value })}>
            {domains.map((domain) => (
              <option key={domain} value={domain}>
                {domain}
              </option>
            ))}
          </select>
        </Field>
        <SlugField draft={draft} set={set} error={errorAt('/slug')} link={link} />
      </div>
      {moved && (
        <Check
          label={text.link.keepAlias}
          hint={text.link.keepAliasHint}
          checked={draft.keep_alias}
          onChange={(keep_alias) => set({ keep_alias })}
        />
      )}
      <div class="pair">
        <Field label={text.link.title} hint={text.link.titleHint} error={errorAt('/title')}>
          <input type="text" maxLength={200} value={draft.title} onInput={(event) => set({ title: event.currentTarget.value })} />
        </Field>
        <Field label={text.links.tags} error={errorAt('/tags')}>
          <TagInput value={draft.tags} onChange={(tags) => set({ tags })} placeholder={text.tags.placeholder} />
        </Field>
      </div>
    </section>
  );
}

export function Limits({ draft, set, errorAt, link }: FieldsProps & { link: Link | null }) {
  const isSet = draft.starts_at || draft.expires_at || draft.max_clicks || draft.expired_url || link?.has_password || draft.archived;
  return (
    <details class="panel" open={Boolean(isSet) || Boolean(errorAt('/expires_at') ?? errorAt('/password') ?? errorAt('/max_clicks'))}>
      <summary>
        {text.link.limits} <span class="muted small">{text.link.limitsHint}</span>
      </summary>
      <div class="form">
        <div class="pair">
          <Field label={text.link.starts} hint={text.link.zone(TIME_ZONE)} error={errorAt('/starts_at')}>
            <input type="datetime-local" value={draft.starts_at} onInput={(event) => set({ starts_at: event.currentTarget.value })} />
          </Field>
          <Field label={text.link.expires} hint={text.link.zone(TIME_ZONE)} error={errorAt('/expires_at')}>
            <input type="datetime-local" value={draft.expires_at} onInput={(event) => set({ expires_at: event.currentTarget.value })} />
          </Field>
          <Field
            label={text.link.maxClicks}
            hint={link?.max_clicks ? text.link.used(link.used_clicks) : text.link.maxClicksHint}
            error={errorAt('/max_clicks')}
          >
            <input
              type="number"
              min={1}
              step={1}
              value={draft.max_clicks}
              onInput={(event) => set({ max_clicks: event.currentTarget.value })}
            />
          </Field>
          <Field
            label={text.link.password}
            hint={link?.has_password ? text.link.hasPassword : text.link.passwordHint}
            error={errorAt('/password')}
          >
            <input
              type="password"
              autocomplete="new-password"
              maxLength={128}
              value={draft.password}
              disabled={draft.remove_password}
              onInput={(event) => set({ password: event.currentTarget.value })}
            />
          </Field>
        </div>
        {link?.has_password && (
          <Check
            label={text.link.removePassword}
            checked={draft.remove_password}
            onChange={(remove_password) => set({ remove_password, password: '' })}
          />
        )}
        <Field label={text.link.expiredUrl} hint={text.link.expiredUrlHint} error={errorAt('/expired_url')}>
          <input
            type="text"
            inputMode="url"
            value={draft.expired_url}
            placeholder="https://"
            onInput={(event) => set({ expired_url: event.currentTarget.value })}
          />
        </Field>
        <Check
          label={text.link.archived}
          hint={text.link.archivedHint}
          checked={draft.archived}
          onChange={(archived) => set({ archived })}
        />
      </div>
    </details>
  );
}

export function Forwarding({ draft, set, errorAt }: FieldsProps) {
  return (
    <details class="panel" open={draft.landing || draft.forward_path || draft.forward_query || draft.redirect_status !== 302}>
      <summary>{text.link.forwarding}</summary>
      <div class="form">
        <Field label={text.link.status} hint={text.link.statusHint} error={errorAt('/redirect_status')}>
          <select value={draft.redirect_status} onChange={(event) => set({ redirect_status: Number(event.currentTarget.value) })}>
            {STATUSES.map((status) => (
              <option key={status} value={status}>
                {text.link.statuses[status]}
              </option>
            ))}
          </select>
        </Field>
        {(fileOfTarget(draft.url) !== null || draft.landing) && (
          <Check label={text.link.landing} hint={text.link.landingHint} checked={draft.landing} onChange={(landing) => set({ landing })} />
        )}
        <Check
          label={text.link.forwardPath}
          hint={text.link.forwardPathHint(`${draft.domain}/${draft.slug || 'slug'}`)}
          checked={draft.forward_path}
          onChange={(forward_path) => set({ forward_path })}
        />
        <Check
          label={text.link.forwardQuery}
          hint={text.link.forwardQueryHint}
          checked={draft.forward_query}
          onChange={(forward_query) => set({ forward_query })}
        />
        {draft.forward_query && (
          <Field label={text.link.queryConflict}>
            <select
              value={draft.query_conflict}
              onChange={(event) => set({ query_conflict: event.currentTarget.value as typeof draft.query_conflict })}
            >
              <option value="target_wins">{text.link.targetWins}</option>
              <option value="visitor_wins">{text.link.visitorWins}</option>
            </select>
          </Field>
        )}
      </div>
    </details>
  );
}

export function PreviewFields({ draft, set, errorAt }: FieldsProps) {
  return (
    <details class="panel" open={Boolean(draft.preview_title || draft.preview_description || draft.preview_image || errorAt('/preview'))}>
      <summary>
        {text.link.preview} <span class="muted small">{text.link.previewHint}</span>
      </summary>
      <div class="form">
        <Field label={text.link.previewTitle} error={errorAt('/preview/title')}>
          <input
            type="text"
            maxLength={200}
            value={draft.preview_title}
            onInput={(event) => set({ preview_title: event.currentTarget.value })}
          />
        </Field>
        <Field label={text.link.previewDescription} error={errorAt('/preview/description')}>
          <textarea
            maxLength={500}
            value={draft.preview_description}
            onInput={(event) => set({ preview_description: event.currentTarget.value })}
          />
        </Field>
        <Field label={text.link.previewImage} error={errorAt('/preview/image')}>
          <input
            type="text"
            inputMode="url"
            value={draft.preview_image}
            placeholder="https://"
            onInput={(event) => set({ preview_image: event.currentTarget.value })}
          />
        </Field>
      </div>
    </details>
  );
}
