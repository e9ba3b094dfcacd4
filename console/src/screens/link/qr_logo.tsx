import { useQuery } from '@tanstack/preact-query';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, body } from '../../api/client';
import { useMe } from '../../api/me';
import type { Link } from '../../api/types';
import { formatBytes } from '../../lib/format';
import { text } from '../../text';
import { Icon } from '../../ui/icons';
import { toast } from '../../ui/toasts';
import type { Style } from './qr';

const KINDS = ['image/png', 'image/jpeg'];

/** Asks for a code with a logo, which travels in a body. */
export async function drawWithLogo(link: Pick<Link, 'domain' | 'slug'>, style: Style, logo: string, format: 'svg' | 'png'): Promise<Blob> {
  const { color, background, transparent, shape, eyes, margin, size } = style;
  const request = {
    logo,
    format,
    shape,
    eyes,
    margin,
    size,
    color: color.slice(1),
    background: transparent ? 'transparent' : background.slice(1),
  };
  const header = { 'Idempotency-Key': crypto.randomUUID() };
  const params = { path: { slug: link.slug }, query: { domain: link.domain }, header };
  return (await body(api.POST('/v1/links/{slug}/qr', { params, body: request, parseAs: 'blob' }))) as unknown as Blob;
}

/** The address of a picture of the code with its logo; `null` until it is drawn. */
export function useLogoPreview(link: Pick<Link, 'domain' | 'slug'>, style: Style, logo: string | null) {
  const drawn = useQuery({
    queryKey: ['qr', link.domain, link.slug, style, logo],
    queryFn: () => drawWithLogo(link, style, logo ?? '', 'svg'),
    enabled: logo !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!drawn.data) return setUrl(null);
    const next = URL.createObjectURL(drawn.data);
    setUrl(next);
    return () => URL.revokeObjectURL(next);
  }, [drawn.data]);
  return { url, error: drawn.error };
}

interface Props {
  logo: string | null;
  onChange: (logo: string | null) => void;
}

/** Chooses a logo; it is sent when a code is drawn, and kept nowhere. */
export function LogoChoice({ logo, onChange }: Props) {
  const me = useMe();
  const input = useRef<HTMLInputElement>(null);
  const choose = (file: File | undefined) => {
    if (!file) return;
    if (!KINDS.includes(file.type) || file.size > me.limits.logo_bytes) {
      toast(text.qr.logoWrong(formatBytes(me.limits.logo_bytes)));
      return;
    }
    const reader = new FileReader();
    reader.onload = () => onChange(String(reader.result));
    reader.readAsDataURL(file);
  };
  return (
    <div class="row">
      <button type="button" class="button small" onClick={() => input.current?.click()}>
        <Icon name="upload" />
        {logo === null ? text.qr.logo : text.qr.otherLogo}
      </button>
      {logo !== null && (
        <button type="button" class="button small ghost" onClick={() => onChange(null)}>
          {text.qr.noLogo}
        </button>
      )}
      <input
        ref={input}
        type="file"
        accept={KINDS.join(',')}
        class="visually-hidden"
        tabIndex={-1}
        aria-label={text.qr.logo}
        onChange={(event) => {
          choose(event.currentTarget.files?.[0]);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}
