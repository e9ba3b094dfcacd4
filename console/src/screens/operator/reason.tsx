import type { BlockReason } from '../../api/types';
import { operatorText } from '../../text/operator';
import { Field } from '../../ui/field';

export const REASONS = Object.keys(operatorText.reasons) as BlockReason[];

interface Props {
  reason: BlockReason;
  note: string;
  onReason: (reason: BlockReason) => void;
  onNote: (note: string) => void;
  noteError?: string | undefined;
}

/** Why a target is blocked, and a note about it. */
export function ReasonFields({ reason, note, onReason, onNote, noteError }: Props) {
  return (
    <>
      <Field label={operatorText.reason}>
        <select value={reason} onChange={(event) => onReason(event.currentTarget.value as BlockReason)}>
          {REASONS.map((one) => (
            <option key={one} value={one}>
              {operatorText.reasons[one]}
            </option>
          ))}
        </select>
      </Field>
      <NoteField note={note} onNote={onNote} error={noteError} />
    </>
  );
}

export function NoteField({ note, onNote, error }: { note: string; onNote: (note: string) => void; error?: string | undefined }) {
  return (
    <Field label={operatorText.note} hint={operatorText.noteHint} error={error}>
      <input type="text" maxLength={500} value={note} onInput={(event) => onNote(event.currentTarget.value)} />
    </Field>
  );
}
