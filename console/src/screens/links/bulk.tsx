import { useState } from 'preact/hooks';
import type { NewLinkChange } from '../../api/types';
import { fromLocalInput } from '../../lib/dates';
import { TIME_ZONE } from '../../lib/format';
import { text } from '../../text';
import { Confirm, Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { TagInput } from '../../ui/tag_input';
import { changeLinks } from './change';

/** The most links that a change can name one by one. */
const MOST_NAMED = 1000;

type Step = 'tag' | 'untag' | 'expire' | 'delete' | null;

interface Props {
  /** How many links are selected. */
  count: number;
  /** How many the list has, if that is known. */
  total: number | null;
  allSelected: boolean;
  select: NewLinkChange['select'];
  onSelectAll: () => void;
  onDone: () => void;
}

/** What can be done with the selected links. Everything can be undone. */
export function BulkBar({ count, total, allSelected, select, onSelectAll, onDone }: Props) {
  const [step, setStep] = useState<Step>(null);
  const [busy, setBusy] = useState(false);
  const [tags, setTags] = useState<string[]>([]);
  const [moment, setMoment] = useState('');
  const tooMany = !allSelected && count > MOST_NAMED;

  const run = async (change: Omit<NewLinkChange, 'select'>) => {
    setStep(null);
    setBusy(true);
    const job = await changeLinks({ select, ...change });
    setBusy(false);
    if (job) onDone();
  };
  const close = () => setStep(null);
  const counted = text.links.counted(count);

  return (
    <div class="bulk" role="region" aria-label={text.links.selection}>
      <strong aria-live="polite">{busy ? text.links.working : text.links.selected(count)}</strong>
      {!allSelected && total !== null && total > count && (
        <button type="button" class="button link" onClick={onSelectAll}>
          {text.links.selectAll(total)}
        </button>
      )}
      {tooMany && <span class="small">{text.links.tooManySelected(MOST_NAMED)}</span>}
      <fieldset class="row tight" disabled={busy || tooMany}>
        <legend class="visually-hidden">{text.links.selection}</legend>
        <button type="button" class="button small" onClick={() => setStep('tag')}>
          {text.links.bulk.tag}
        </button>
        <button type="button" class="button small" onClick={() => setStep('untag')}>
          {text.links.bulk.untag}
        </button>
        <button type="button" class="button small" onClick={() => run({ change: { archived: true } })}>
          {text.links.bulk.archive}
        </button>
        <button type="button" class="button small" onClick={() => run({ change: { archived: false } })}>
          {text.links.bulk.restore}
        </button>
        <button type="button" class="button small" onClick={() => setStep('expire')}>
          {text.links.bulk.expire}
        </button>
        <button type="button" class="button small" onClick={() => setStep('delete')}>
          {text.links.bulk.delete}
        </button>
      </fieldset>
      <button type="button" class="button small ghost" onClick={onDone}>
        {text.links.clearSelection}
      </button>
      {(step === 'tag' || step === 'untag') && (
        <Dialog title={step === 'tag' ? text.links.bulk.tagTitle(counted) : text.links.bulk.untagTitle(counted)} onClose={close}>
          <form
            class="form"
            onSubmit={(event) => {
              event.preventDefault();
              if (tags.length > 0) run({ change: step === 'tag' ? { add_tags: tags } : { remove_tags: tags } });
            }}
          >
            <Field label={text.links.tags}>
              <TagInput value={tags} onChange={setTags} />
            </Field>
            <footer class="dialog-foot">
              <button type="button" class="button" onClick={close}>
                {text.actions.cancel}
              </button>
              <button type="submit" class="button primary" disabled={tags.length === 0}>
                {step === 'tag' ? text.links.bulk.tag : text.links.bulk.untag}
              </button>
            </footer>
          </form>
        </Dialog>
      )}
      {step === 'expire' && (
        <Dialog title={text.links.bulk.expireTitle(counted)} onClose={close}>
          <form
            class="form"
            onSubmit={(event) => {
              event.preventDefault();
              run({ change: { expires_at: fromLocalInput(moment) } });
            }}
          >
            <Field label={text.link.expires} hint={text.link.zone(TIME_ZONE)}>
              <input type="datetime-local" value={moment} onInput={(event) => setMoment(event.currentTarget.value)} />
            </Field>
            <footer class="dialog-foot">
              <button type="button" class="button" onClick={() => run({ change: { expires_at: null } })}>
                {text.links.bulk.neverExpire}
              </button>
              <button type="button" class="button" onClick={() => run({ change: { expires_at: new Date().toISOString() } })}>
                {text.links.bulk.expireNow}
              </button>
              <button type="submit" class="button primary" disabled={moment === ''}>
                {text.links.bulk.expire}
              </button>
            </footer>
          </form>
        </Dialog>
      )}
      {step === 'delete' && (
        <Confirm
          title={text.links.bulk.deleteTitle(counted)}
          action={text.links.bulk.delete}
          danger
          onConfirm={() => run({ delete: true })}
          onClose={close}
        >
          <p>{text.links.bulk.deleteText}</p>
        </Confirm>
      )}
    </div>
  );
}
