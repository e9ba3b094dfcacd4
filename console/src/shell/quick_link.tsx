import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { useAction } from '../api/action';
import { cache } from '../api/cache';
import { api, body } from '../api/client';
import { isAtLeast, useMe } from '../api/me';
import { linkPath, targetOf } from '../lib/targets';
import { text } from '../text';
import { copy } from '../ui/copy';
import { toast, toastError } from '../ui/toasts';

/** The box for a new link that is always there: paste, Enter, and the short URL is copied. */
export function QuickLink() {
  const me = useMe();
  const { route } = useLocation();
  const [target, setTarget] = useState('');
  const create = useAction({
    mutationFn: (url: string) =>
      body(api.POST('/v1/links', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: { url } })),
    onSuccess: async (link) => {
      setTarget('');
      cache.invalidateQueries({ queryKey: ['links'] });
      const copied = await copy(link.short_url);
      toast(copied ? text.quick.copied(link.short_url) : text.quick.created(link.short_url), {
        label: text.quick.edit,
        run: () => route(linkPath(link)),
      });
    },
    onError: toastError,
  });
  const mayCreate = isAtLeast(me, 'editor');

  return (
    <form
      class="quick"
      onSubmit={(event) => {
        event.preventDefault();
        const url = targetOf(target);
        if (url === null) toast(text.quick.notATarget);
        else create.mutate(url);
      }}
    >
      <input
        id="quick-link"
        type="text"
        inputMode="url"
        autocomplete="off"
        aria-label={text.quick.label}
        placeholder={mayCreate ? text.quick.placeholder : text.quick.viewer}
        value={target}
        disabled={!mayCreate}
        onInput={(event) => setTarget(event.currentTarget.value)}
      />
      {mayCreate && (
        <button type="submit" class="button primary" disabled={create.isPending || target.trim() === ''}>
          {text.quick.action}
        </button>
      )}
    </form>
  );
}
