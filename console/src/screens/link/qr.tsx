import { useState } from 'preact/hooks';
import { Problem } from '../../api/problem';
import type { Link } from '../../api/types';
import { download } from '../../lib/csv';
import { text } from '../../text';
import { Check, Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { oneLine } from '../../ui/states';
import { toastError } from '../../ui/toasts';
import { drawWithLogo, LogoChoice, useLogoPreview } from './qr_logo';

export interface Style {
  color: string;
  background: string;
  transparent: boolean;
  shape: 'square' | 'rounded' | 'dots';
  eyes: 'square' | 'rounded';
  ecc: 'L' | 'M' | 'Q' | 'H';
  margin: number;
  size: number;
}

const PLAIN: Style = {
  color: '#000000',
  background: '#ffffff',
  transparent: false,
  shape: 'square',
  eyes: 'square',
  ecc: 'M',
  margin: 4,
  size: 512,
};

/** The address of a link's QR code. */
export function qrPath(link: Pick<Link, 'domain' | 'slug'>, style: Style, format: 'svg' | 'png'): string {
  const query = new URLSearchParams({
    domain: link.domain,
    format,
    size: String(style.size),
    margin: String(style.margin),
    ecc: style.ecc,
    shape: style.shape,
    eyes: style.eyes,
    color: style.color.slice(1),
    background: style.transparent ? 'transparent' : style.background.slice(1),
  });
  return `/v1/links/${encodeURIComponent(link.slug)}/qr?${query}`;
}

/** The QR code as it will be printed, with what can be chosen about it. */
export function QrBox({ link }: { link: Link }) {
  const [style, setStyle] = useState(PLAIN);
  const [refused, setRefused] = useState(false);
  const set = (change: Partial<Style>) => {
    setRefused(false);
    setStyle((before) => ({ ...before, ...change }));
  };
  const [logo, setLogo] = useState<string | null>(null);
  const preview = useLogoPreview(link, style, logo);
  const source = logo === null ? qrPath(link, style, 'svg') : preview.url;
  const filename = `${link.domain}-${link.slug}`;
  const save = (of: string, format: 'svg' | 'png') =>
    drawWithLogo(link, style, of, format)
      .then((file) => download(file, `${filename}.${format}`))
      .catch(toastError);
  return (
    <section class="panel qr-box">
      <div class="panel-head">
        <h2>{text.qr.title}</h2>
      </div>
      <div class="qr-picture">
        {refused || preview.error !== null ? (
          <p role="alert">{preview.error instanceof Problem ? oneLine(preview.error) : text.qr.refused}</p>
        ) : source === null ? (
          <p>{text.states.loading}</p>
        ) : (
          <img src={source} alt={text.qr.alt(link.short_url)} width="220" height="220" onError={() => setRefused(true)} />
        )}
      </div>
      <div class="row">
        {(['svg', 'png'] as const).map((format) =>
          logo === null ? (
            <a key={format} class="button grow" href={qrPath(link, style, format)} download={`${filename}.${format}`}>
              <Icon name="download" />
              {format.toUpperCase()}
            </a>
          ) : (
            <button key={format} type="button" class="button grow" onClick={() => save(logo, format)}>
              <Icon name="download" />
              {format.toUpperCase()}
            </button>
          ),
        )}
      </div>
      <details>
        <summary>{text.qr.options}</summary>
        <div class="form">
          <LogoChoice
            logo={logo}
            onChange={(next) => {
              setRefused(false);
              setLogo(next);
            }}
          />
          <div class="row">
            <Field label={text.qr.color}>
              <input type="color" value={style.color} onInput={(event) => set({ color: event.currentTarget.value })} />
            </Field>
            <Field label={text.qr.background}>
              <input
                type="color"
                value={style.background}
                disabled={style.transparent}
                onInput={(event) => set({ background: event.currentTarget.value })}
              />
            </Field>
            <Check label={text.qr.transparent} checked={style.transparent} onChange={(transparent) => set({ transparent })} />
          </div>
          <div class="pair">
            <Field label={text.qr.shape}>
              <select value={style.shape} onChange={(event) => set({ shape: event.currentTarget.value as Style['shape'] })}>
                <option value="square">{text.qr.shapes.square}</option>
                <option value="rounded">{text.qr.shapes.rounded}</option>
                <option value="dots">{text.qr.shapes.dots}</option>
              </select>
            </Field>
            <Field label={text.qr.eyes}>
              <select value={style.eyes} onChange={(event) => set({ eyes: event.currentTarget.value as Style['eyes'] })}>
                <option value="square">{text.qr.shapes.square}</option>
                <option value="rounded">{text.qr.shapes.rounded}</option>
              </select>
            </Field>
            <Field label={text.qr.ecc} hint={logo === null ? undefined : text.qr.eccOfLogo}>
              <select
                value={logo === null ? style.ecc : 'H'}
                disabled={logo !== null}
                onChange={(event) => set({ ecc: event.currentTarget.value as Style['ecc'] })}
              >
                {(['L', 'M', 'Q', 'H'] as const).map((level) => (
                  <option key={level} value={level}>
                    {text.qr.levels[level]}
                  </option>
                ))}
              </select>
            </Field>
            <Field label={text.qr.margin}>
              <input
                type="number"
                min={0}
                max={16}
                value={style.margin}
                onInput={(event) => set({ margin: Number(event.currentTarget.value) })}
              />
            </Field>
            <Field label={text.qr.size}>
              <input
                type="number"
                min={64}
                max={2048}
                step={64}
                value={style.size}
                onInput={(event) => set({ size: Number(event.currentTarget.value) })}
              />
            </Field>
          </div>
        </div>
      </details>
    </section>
  );
}
