import { useState } from 'preact/hooks';
import { useAction } from '../../api/action';
import { cache } from '../../api/cache';
import { api, body } from '../../api/client';
import { Problem } from '../../api/problem';
import type { AbuseReport, BlockReason } from '../../api/types';
import { text } from '../../text';
import { operatorText } from '../../text/operator';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { ErrorBox } from '../../ui/states';
import { toast } from '../../ui/toasts';
import { NoteField, REASONS, ReasonFields } from './reason';
import { patternsOf } from './target';

type Reach = 'host' | 'address' | 'other';

/** Closes a report, and perhaps blocks where its link leads, in one step. */
export function Decide({ report, block, onClose }: { report: AbuseReport; block: boolean; onClose: () => void }) {
  const patterns = patternsOf(report.url);
  const [reach, setReach] = useState<Reach>(patterns === null ? 'other' : 'host');
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState<BlockReason>(mostFrequent(report));
  const [note, setNote] = useState(report.note ?? '');
  const target = reach === 'other' || patterns === null ? typed.trim() : patterns[reach];
  const save = useAction({
    mutationFn: () => {
      const kept = note.trim() || null;
      const change = { status: 'closed' as const, note: kept, ...(block ? { block: { target, reason, note: kept } } : {}) };
      return body(api.PATCH('/v1/abuse-reports/{link_id}', { params: { path: { link_id: report.link_id } }, body: change }));
    },
    onSuccess: () => {
      toast(block ? operatorText.abuse.blockedAndClosed(target) : operatorText.abuse.closed);
      cache.invalidateQueries({ queryKey: ['abuse'] });
      cache.invalidateQueries({ queryKey: ['blocked'] });
      onClose();
    },
  });
  const problem = save.error instanceof Problem ? save.error : null;
  const targetError = problem?.at('/block/target');
  const noteError = problem?.at('/note') ?? problem?.at('/block/note');
  const link = `${report.domain}/${report.slug}`;
  return (
    <Dialog title={block ? operatorText.abuse.blockTitle(link) : operatorText.abuse.closeTitle(link)} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {block ? (
          <>
            <fieldset class="stack">
              <legend class="legend">{operatorText.target}</legend>
              {patterns !== null && (
                <>
                  <Choice name="host" reach={reach} set={setReach} label={operatorText.abuse.host(patterns.host)} />
                  {patterns.address !== patterns.host && (
                    <Choice name="address" reach={reach} set={setReach} label={operatorText.abuse.address} hint={patterns.address} />
                  )}
                </>
              )}
              <Choice name="other" reach={reach} set={setReach} label={operatorText.abuse.other} />
            </fieldset>
            {reach === 'other' && (
              <Field label={operatorText.abuse.other} hint={operatorText.targetHint} error={targetError} hideLabel>
                <input type="text" class="mono" maxLength={500} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
              </Field>
            )}
            <ReasonFields reason={reason} note={note} onReason={setReason} onNote={setNote} noteError={noteError} />
          </>
        ) : (
          <NoteField note={note} onNote={setNote} error={noteError} />
        )}
        {save.error !== null && !(targetError && reach === 'other') && !noteError && <ErrorBox error={save.error} />}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {text.actions.cancel}
          </button>
          <button type="submit" class={`button ${block ? 'danger' : 'primary'}`} disabled={save.isPending || (block && target === '')}>
            {block ? operatorText.abuse.block : operatorText.abuse.harmless}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface ChoiceProps {
  name: Reach;
  reach: Reach;
  set: (reach: Reach) => void;
  label: string;
  hint?: string;
}

function Choice({ name, reach, set, label, hint }: ChoiceProps) {
  return (
    <label class="check">
      <input type="radio" name="reach" value={name} checked={reach === name} onChange={() => set(name)} />
      <span>{label}</span>
      {hint && <span class="hint mono wrap-anywhere">{hint}</span>}
    </label>
  );
}

function mostFrequent(report: AbuseReport): BlockReason {
  const count = (reason: BlockReason) => report.reasons[reason] ?? 0;
  return REASONS.reduce((best, reason) => (count(reason) > count(best) ? reason : best), REASONS[0] ?? 'other');
}
