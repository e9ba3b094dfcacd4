import { formatShare } from '../../lib/format';
import { evenWeights, sharesOf } from '../../lib/weights';
import { text } from '../../text';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { newVariant, type VariantDraft } from './draft';
import type { FieldsProps } from './editor';

const MOST_VARIANTS = 20;

/** Weighted targets, with the share of visits that each gets. */
export function Variants({ draft, set, errorAt }: FieldsProps) {
  const { variants } = draft;
  const shares = sharesOf(variants.map(({ weight }) => Number(weight)));
  const change = (key: number, fields: Partial<VariantDraft>) =>
    set({ variants: variants.map((variant) => (variant.key === key ? { ...variant, ...fields } : variant)) });
  const add = () => {
    const names = new Set(variants.map(({ name }) => name));
    const free = 'abcdefghijklmnopqrstuvwxyz'.split('').find((letter) => !names.has(letter)) ?? '';
    set({ variants: [...variants, newVariant(free)] });
  };
  return (
    <details class="panel" open={variants.length > 0}>
      <summary>
        {text.variants.title}{' '}
        <span class="muted small">{variants.length > 0 ? text.variants.counted(variants.length) : text.variants.hint}</span>
      </summary>
      <div class="cards">
        {variants.map((variant, at) => {
          const pointer = `/variants/${at}`;
          return (
            <div class="variant" key={variant.key}>
              <Field label={text.variants.name} error={errorAt(`${pointer}/name`)}>
                <input
                  type="text"
                  maxLength={32}
                  value={variant.name}
                  onInput={(event) => change(variant.key, { name: event.currentTarget.value })}
                />
              </Field>
              <Field label={text.variants.target} error={errorAt(`${pointer}/url`)}>
                <input
                  type="text"
                  inputMode="url"
                  placeholder="https://"
                  value={variant.url}
                  onInput={(event) => change(variant.key, { url: event.currentTarget.value })}
                />
              </Field>
              <Field label={text.variants.weight} error={errorAt(`${pointer}/weight`)}>
                <input
                  type="number"
                  min={1}
                  max={1000}
                  value={variant.weight}
                  onInput={(event) => change(variant.key, { weight: event.currentTarget.value })}
                />
              </Field>
              <output class="number muted" aria-label={text.variants.share(variant.name)}>
                {formatShare(shares[at] ?? 0)}
              </output>
              <button
                type="button"
                class="button ghost icon-only"
                aria-label={text.variants.remove(variant.name)}
                onClick={() => set({ variants: variants.filter(({ key }) => key !== variant.key) })}
              >
                <Icon name="trash" />
              </button>
            </div>
          );
        })}
        <div class="row">
          <button type="button" class="button small" disabled={variants.length >= MOST_VARIANTS} onClick={add}>
            <Icon name="plus" />
            {text.variants.add}
          </button>
          {variants.length > 1 && (
            <button
              type="button"
              class="button small"
              onClick={() => {
                const even = evenWeights(variants.length);
                set({ variants: variants.map((variant, at) => ({ ...variant, weight: String(even[at] ?? 1) })) });
              }}
            >
              {text.variants.even}
            </button>
          )}
        </div>
        {variants.length > 0 && <p class="hint">{text.variants.insteadOfTarget}</p>}
      </div>
    </details>
  );
}
