import type { LinkPatch } from '../../api/types';
import { text } from '../../text';
import { Dialog } from '../../ui/dialog';
import { conflictsOf, type Draft } from './draft';

interface Props {
  patch: LinkPatch;
  theirs: Draft;
  onMine: () => void;
  onTheirs: () => void;
  onClose: () => void;
}

/** Somebody else has changed the link meanwhile: yours, theirs. */
export function Conflict({ patch, theirs, onMine, onTheirs, onClose }: Props) {
  const differences = conflictsOf(patch, theirs);
  return (
    <Dialog title={text.conflict.title} kind="wide" onClose={onClose}>
      <p>{text.conflict.lead}</p>
      <div class="scroll-x">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">{text.conflict.field}</th>
              <th scope="col">{text.conflict.mine}</th>
              <th scope="col">{text.conflict.theirs}</th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ field, mine, theirs: other }) => (
              <tr key={field}>
                <th scope="row">{text.link.fieldNames[field] ?? field}</th>
                <td class="wrap">{shown(mine)}</td>
                <td class="wrap">{shown(other)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          {text.conflict.goOn}
        </button>
        <button type="button" class="button" onClick={onTheirs}>
          {text.conflict.takeTheirs}
        </button>
        <button type="button" class="button primary" onClick={onMine}>
          {text.conflict.keepMine}
        </button>
      </footer>
    </Dialog>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return text.conflict.nothing;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ') || text.conflict.nothing;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
