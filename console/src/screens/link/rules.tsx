import { useRef, useState } from 'preact/hooks';
import { countryName, TIME_ZONE } from '../../lib/format';
import { moved } from '../../lib/move';
import { text } from '../../text';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { newRule, type RuleDraft } from './draft';
import type { FieldsProps } from './editor';

const DEVICES = ['mobile', 'tablet', 'desktop', 'tv', 'console'] as const;
const SYSTEMS = ['ios', 'android', 'windows', 'macos', 'linux'] as const;
const MOST_RULES = 20;

/** Other targets for some visits. The first rule that matches wins, so their order counts: by buttons, Alt and arrows, or the mouse. */
export function Rules({ draft, set, errorAt }: FieldsProps) {
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const { rules } = draft;
  const move = (from: number, to: number) => {
    if (to < 0 || to >= rules.length) return;
    set({ rules: moved(rules, from, to) });
    setSaid(text.rules.movedTo(to + 1, rules.length));
    requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>('.handle-button')[to]?.focus());
  };
  const change = (key: number, fields: Partial<RuleDraft>) =>
    set({ rules: rules.map((rule) => (rule.key === key ? { ...rule, ...fields } : rule)) });
  return (
    <details class="panel" open={rules.length > 0}>
      <summary>
        {text.rules.title} <span class="muted small">{rules.length > 0 ? text.rules.counted(rules.length) : text.rules.hint}</span>
      </summary>
      <p class="visually-hidden" aria-live="polite">
        {said}
      </p>
      <ol class="cards" ref={list}>
        {rules.map((rule, at) => (
          <li
            key={rule.key}
            class={`card ${dragged === at ? 'dragging' : ''}`}
            onDragOver={(event) => {
              if (dragged === null) return;
              event.preventDefault();
              if (dragged !== at) {
                set({ rules: moved(rules, dragged, at) });
                setDragged(at);
              }
            }}
            onKeyDown={(event) => {
              if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
              event.preventDefault();
              move(at, event.key === 'ArrowUp' ? at - 1 : at + 1);
            }}
          >
            <header>
              <span class="handle" draggable onDragStart={() => setDragged(at)} onDragEnd={() => setDragged(null)} title={text.rules.drag}>
                <Icon name="grip" />
              </span>
              <h2>{text.rules.name(at + 1)}</h2>
              <button
                type="button"
                class="button ghost icon-only handle-button"
                aria-label={text.rules.up(at + 1)}
                aria-disabled={at === 0}
                onClick={() => move(at, at - 1)}
              >
                <Icon name="up" />
              </button>
              <button
                type="button"
                class="button ghost icon-only"
                aria-label={text.rules.down(at + 1)}
                aria-disabled={at === rules.length - 1}
                onClick={() => move(at, at + 1)}
              >
                <Icon name="down" />
              </button>
              <button
                type="button"
                class="button ghost icon-only"
                aria-label={text.rules.remove(at + 1)}
                onClick={() => set({ rules: rules.filter((other) => other.key !== rule.key) })}
              >
                <Icon name="trash" />
              </button>
            </header>
            <RuleFields rule={rule} at={at} errorAt={errorAt} change={(fields) => change(rule.key, fields)} />
          </li>
        ))}
      </ol>
      <button
        type="button"
        class="button small add"
        disabled={rules.length >= MOST_RULES}
        onClick={() => set({ rules: [...rules, newRule()] })}
      >
        <Icon name="plus" />
        {text.rules.add}
      </button>
    </details>
  );
}

interface RuleProps {
  rule: RuleDraft;
  at: number;
  errorAt: FieldsProps['errorAt'];
  change: (fields: Partial<RuleDraft>) => void;
}

function RuleFields({ rule, at, errorAt, change }: RuleProps) {
  const pointer = `/rules/${at}`;
  const toggle = (list: string[], value: string) => (list.includes(value) ? list.filter((one) => one !== value) : [...list, value]);
  const countries = rule.country
    .split(/[,\s]+/)
    .filter((code) => /^[a-z]{2}$/i.test(code))
    .map((code) => countryName(code.toUpperCase()))
    .join(', ');
  return (
    <>
      <fieldset>
        <legend class="legend">{text.rules.device}</legend>
        <div class="choices">
          {DEVICES.map((device) => (
            <label class="row tight" key={device}>
              <input
                type="checkbox"
                checked={rule.device.includes(device)}
                onChange={() => change({ device: toggle(rule.device, device) })}
              />
              {text.values.device[device]}
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend class="legend">{text.rules.os}</legend>
        <div class="choices">
          {SYSTEMS.map((os) => (
            <label class="row tight" key={os}>
              <input type="checkbox" checked={rule.os.includes(os)} onChange={() => change({ os: toggle(rule.os, os) })} />
              {text.values.os[os]}
            </label>
          ))}
        </div>
      </fieldset>
      <div class="pair">
        <Field label={text.rules.country} hint={countries || text.rules.countryHint} error={errorAt(`${pointer}/if/country`)}>
          <input
            type="text"
            value={rule.country}
            placeholder="DE, AT"
            onInput={(event) => change({ country: event.currentTarget.value })}
          />
        </Field>
        <Field label={text.rules.language} hint={text.rules.languageHint} error={errorAt(`${pointer}/if/language`)}>
          <input
            type="text"
            value={rule.language}
            placeholder="de, fr-CH"
            onInput={(event) => change({ language: event.currentTarget.value })}
          />
        </Field>
        <Field label={text.rules.query} hint={text.rules.queryHint} error={errorAt(`${pointer}/if/query`)}>
          <input type="text" value={rule.query} placeholder="ref=mail" onInput={(event) => change({ query: event.currentTarget.value })} />
        </Field>
        <Field label={text.rules.after} hint={text.link.zone(TIME_ZONE)} error={errorAt(`${pointer}/if/after`)}>
          <input type="datetime-local" value={rule.after} onInput={(event) => change({ after: event.currentTarget.value })} />
        </Field>
        <Field label={text.rules.before} hint={text.link.zone(TIME_ZONE)} error={errorAt(`${pointer}/if/before`)}>
          <input type="datetime-local" value={rule.before} onInput={(event) => change({ before: event.currentTarget.value })} />
        </Field>
      </div>
      <Field label={text.rules.target} error={errorAt(`${pointer}/url`) ?? errorAt(`${pointer}/if`)}>
        <input
          type="text"
          inputMode="url"
          value={rule.url}
          placeholder="https://"
          onInput={(event) => change({ url: event.currentTarget.value })}
        />
      </Field>
    </>
  );
}
