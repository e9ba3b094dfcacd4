import { useQuery } from '@tanstack/preact-query';
import { useId, useRef, useState } from 'preact/hooks';
import { api, body } from '../api/client';
import { isLimited, useMe } from '../api/me';
import { text } from '../text';
import { Icon } from './icons';

/** The tags of the workspace, most used first. Limited keys cannot list them. */
export function useTags() {
  const me = useMe();
  return useQuery({
    queryKey: ['tags', 'most-used'],
    queryFn: ({ signal }) => body(api.GET('/v1/tags', { params: { query: { sort: 'links', limit: 100 } }, signal })),
    enabled: !isLimited(me),
    staleTime: 60_000,
  });
}

interface Props {
  value: string[];
  onChange: (tags: string[]) => void;
  id?: string;
  'aria-label'?: string;
  'aria-describedby'?: string;
  'aria-invalid'?: boolean;
  placeholder?: string;
}

const SHOWN = 8;

/** Tags as chips, with completion: type, choose with the arrows, Enter or comma adds, Backspace removes the last. */
export function TagInput({ value, onChange, placeholder, ...field }: Props) {
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(-1);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const known = useTags().data?.items ?? [];
  const wanted = typed.trim().toLocaleLowerCase();
  const options = known.filter(({ tag }) => !value.includes(tag) && tag.toLocaleLowerCase().includes(wanted)).slice(0, SHOWN);

  const add = (tag: string) => {
    const trimmed = tag.trim();
    if (trimmed !== '' && !value.includes(trimmed)) onChange([...value, trimmed]);
    setTyped('');
    setActive(-1);
  };

  return (
    <div class="tag-input">
      {value.map((tag) => (
        <span class="chip" key={tag}>
          {tag}
          <button
            type="button"
            aria-label={text.tags.remove(tag)}
            onClick={() => {
              onChange(value.filter((other) => other !== tag));
              input.current?.focus();
            }}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      <input
        {...field}
        ref={input}
        type="text"
        role="combobox"
        autocomplete="off"
        aria-expanded={open && options.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={active >= 0 ? `${list}-${active}` : undefined}
        placeholder={value.length === 0 ? placeholder : undefined}
        value={typed}
        onFocus={() => setOpen(true)}
        onBlur={() => {
          setOpen(false);
          if (typed.trim() !== '') add(typed);
        }}
        onInput={(event) => {
          setOpen(true);
          setTyped(event.currentTarget.value);
          setActive(-1);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            setOpen(true);
            const step = event.key === 'ArrowDown' ? 1 : -1;
            setActive(options.length === 0 ? -1 : (active + step + options.length) % options.length);
          } else if (event.key === 'Enter' || event.key === ',') {
            const chosen = options[active]?.tag ?? typed;
            if (chosen.trim() === '') return;
            event.preventDefault();
            add(chosen);
          } else if (event.key === 'Backspace' && typed === '') {
            onChange(value.slice(0, -1));
          } else if (event.key === 'Escape' && open && options.length > 0) {
            event.stopPropagation();
            event.preventDefault();
            setOpen(false);
          }
        }}
      />
      {open && options.length > 0 && (
        <div class="options" role="listbox" id={list} aria-label={text.tags.suggestions}>
          {options.map(({ tag, links }, at) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the focus and the keys
            <div
              key={tag}
              role="option"
              id={`${list}-${at}`}
              tabIndex={-1}
              aria-selected={at === active}
              class={at === active ? 'active' : ''}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => add(tag)}
            >
              <span>{tag}</span>
              <span class="muted">{links}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
