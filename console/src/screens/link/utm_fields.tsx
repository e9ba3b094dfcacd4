import { useQuery } from '@tanstack/preact-query';
import { answer, api } from '../../api/client';
import { dayIn } from '../../lib/dates';
import { fillTemplate, UTM_FIELDS, utmOf, withUtm } from '../../lib/utm';
import { text } from '../../text';
import { Field } from '../../ui/field';
import type { FieldsProps } from './editor';

/** Campaign parameters of the target, by name; they stand in the target as one types. */
export function Utm({ draft, set }: FieldsProps) {
  const workspace = useQuery({ queryKey: ['workspace'], queryFn: ({ signal }) => answer(api.GET('/v1/workspace', { signal })) });
  const templates = workspace.data?.data.utm_templates ?? [];
  const values = utmOf(draft.url);
  const isSet = Object.values(values).some(Boolean);
  const isWeb = draft.url === '' || /^https?:/i.test(draft.url);
  return (
    <details class="panel" open={isSet}>
      <summary>
        {text.utm.title} <span class="muted small">{text.utm.hint}</span>
      </summary>
      <div class="form">
        {templates.length > 0 && (
          <Field label={text.utm.template}>
            <select
              value=""
              disabled={draft.url === '' || !isWeb}
              onChange={(event) => {
                const template = templates.find(({ name }) => name === event.currentTarget.value);
                if (!template) return;
                const today = dayIn('UTC', new Date());
                const url = UTM_FIELDS.reduce((target, field) => {
                  const value = template[field];
                  return value ? withUtm(target, field, fillTemplate(value, draft.domain, today)) : target;
                }, draft.url);
                set({ url });
              }}
            >
              <option value="">{text.utm.choose}</option>
              {templates.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
        )}
        <div class="pair">
          {UTM_FIELDS.map((field) => (
            <Field key={field} label={text.utm.fields[field]}>
              <input
                type="text"
                maxLength={200}
                disabled={draft.url === '' || !isWeb}
                value={values[field]}
                onInput={(event) => set({ url: withUtm(draft.url, field, event.currentTarget.value) })}
              />
            </Field>
          ))}
        </div>
        {!isWeb && <p class="hint">{text.utm.onlyWeb}</p>}
      </div>
    </details>
  );
}
