import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface Props {
  title: string;
  hint: string;
  /** What the button says that chooses files. */
  choose: string;
  onChosen: (files: FileList) => void;
  onDropped: (dropped: DataTransfer) => void;
}

/** Takes files that are chosen, or dropped anywhere on the page. */
export function FileBox({ title, hint, choose, onChosen, onDropped }: Props) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(onDropped);
  latest.current = onDropped;

  // With the screen: a file may be dropped as soon as the box is seen.
  useLayoutEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const hover = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer) latest.current(event.dataTransfer);
    };
    addEventListener('dragover', hover);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', hover);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);

  return (
    <div class={`drop ${over ? 'over' : ''}`}>
      <strong>{title}</strong>
      <span class="muted small">{hint}</span>
      <button type="button" class="button primary" onClick={() => input.current?.click()}>
        {choose}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        class="visually-hidden"
        tabIndex={-1}
        aria-label={choose}
        onChange={(event) => {
          if (event.currentTarget.files) onChosen(event.currentTarget.files);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}
