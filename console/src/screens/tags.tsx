import { useState } from 'preact/hooks';
import { useAction } from '../api/action';
import { api, body } from '../api/client';
import { isAtLeast, useMe } from '../api/me';
import { usePages } from '../api/pages';
import type { Tag } from '../api/types';
import { formatNumber } from '../lib/format';
import { useTitle } from '../lib/hooks';
import { text } from '../text';
import { Confirm, Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { More } from '../ui/more';
import { ScrollBox } from '../ui/scroll_box';
import { Empty, ErrorBox, Shown } from '../ui/states';
import { toastError } from '../ui/toasts';
import { follow, refreshLists } from './links/change';

/** The palette of the API, and a value of each for the screen. */
const COLOURS: Record<string, string> = {
  gray: '#7a8581',
  red: '#d0453c',
  orange: '#d97b1c',
  yellow: '#c9a40c',
  green: '#3a9a56',
  teal: '#1c9a8a',
  blue: '#3a78d0',
  purple: '#8457c9',
  pink: '#cf5497',
  brown: '#8d6748',
};

const colourOf = (name: string): string => COLOURS[name] ?? name;

/** The tags of the workspace: how many links have each, colour, description, rename, remove. */
export function Tags() {
  useTitle(text.nav.tags);
  const me = useMe();
  const mayChange = isAtLeast(me, 'editor');
  const [edited, setEdited] = useState<Tag | null>(null);
  const [removed, setRemoved] = useState<Tag | null>(null);
  const list = usePages({
    queryKey: ['tags', 'list'],
    page: (query, signal) => body(api.GET('/v1/tags', { params: { query: { limit: 100, ...query } }, signal })),
  });
  const remove = (tag: string) =>
    body(api.DELETE('/v1/tags/{tag}', { params: { path: { tag } } }))
      .then((job) => follow(job as never))
      .catch(toastError);
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.tags}</h1>
          <p class="lead">{text.tags.lead}</p>
        </div>
      </header>
      <section class="panel flush">
        <Shown query={list} rows={5}>
          {({ items }) => {
            if (items.length === 0 && !list.hasNextPage) return <Empty title={text.tags.none}>{text.tags.noneHint}</Empty>;
            return (
              <ScrollBox label={text.nav.tags}>
                <table class="list">
                  <thead>
                    <tr>
                      <th scope="col">{text.tags.tag}</th>
                      <th scope="col">{text.tags.description}</th>
                      <th scope="col" class="number">
                        {text.tags.links}
                      </th>
                      <th scope="col" class="number">
                        {text.tags.archived}
                      </th>
                      <th scope="col">
                        <span class="visually-hidden">{text.links.actions}</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((tag) => (
                      <tr key={tag.tag}>
                        <td>
                          <a class="chip" href={`/console/links?${new URLSearchParams({ tag: tag.tag })}`} {...colourProps(tag.color)}>
                            {tag.tag}
                          </a>
                        </td>
                        <td class="wrap muted">{tag.description}</td>
                        <td class="number">{formatNumber(tag.links)}</td>
                        <td class="number">{formatNumber(tag.archived_links)}</td>
                        <td>
                          <span class="row tight">
                            <a class="button small" href={`/console/statistics?${new URLSearchParams({ tag: tag.tag })}`}>
                              {text.nav.statistics}
                            </a>
                            {mayChange && (
                              <>
                                <button type="button" class="button small" onClick={() => setEdited(tag)}>
                                  {text.actions.edit}
                                </button>
                                <button type="button" class="button small" onClick={() => setRemoved(tag)}>
                                  {text.actions.remove}
                                </button>
                              </>
                            )}
                          </span>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </ScrollBox>
            );
          }}
        </Shown>
      </section>
      <More list={list} />
      {edited && <EditTag tag={edited} onClose={() => setEdited(null)} />}
      {removed && (
        <Confirm
          title={text.tags.removeTitle(removed.tag)}
          action={text.actions.remove}
          danger
          onConfirm={() => remove(removed.tag)}
          onClose={() => setRemoved(null)}
        >
          <p>{text.tags.removeText(removed.links + removed.archived_links)}</p>
        </Confirm>
      )}
    </>
  );
}

function colourProps(color: string | null | undefined): Record<string, unknown> {
  return color ? { 'data-color': color, style: { '--tag': colourOf(color) } } : {};
}

function EditTag({ tag, onClose }: { tag: Tag; onClose: () => void }) {
  const [name, setName] = useState(tag.tag);
  const [color, setColor] = useState(tag.color ?? '');
  const [description, setDescription] = useState(tag.description ?? '');
  const save = useAction({
    mutationFn: async () => {
      if (color !== (tag.color ?? '') || description !== (tag.description ?? '')) {
        await body(
          api.PUT('/v1/tags/{tag}', {
            params: { path: { tag: tag.tag } },
            body: { color: color || null, description: description || null },
          }),
        );
      }
      if (name.trim() === tag.tag) return;
      const header = { 'Idempotency-Key': crypto.randomUUID() };
      const job = await body(api.POST('/v1/tags/{tag}/rename', { params: { path: { tag: tag.tag }, header }, body: { to: name.trim() } }));
      await follow(job as never);
    },
    onSuccess: () => {
      refreshLists();
      onClose();
    },
  });
  return (
    <Dialog title={text.tags.editTitle(tag.tag)} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field label={text.tags.name} hint={name.trim() === tag.tag ? undefined : text.tags.renameHint}>
          <input type="text" required maxLength={50} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </Field>
        <fieldset>
          <legend class="legend">{text.tags.color}</legend>
          <div class="choices">
            {['', ...Object.keys(COLOURS)].map((one) => (
              <label class="row tight" key={one}>
                <input type="radio" name="color" value={one} checked={color === one} onChange={() => setColor(one)} />
                {one !== '' && <span class="chip" {...colourProps(one)} aria-hidden="true" />}
                {one === '' ? text.tags.noColor : text.tags.colors[one]}
              </label>
            ))}
          </div>
        </fieldset>
        <Field label={text.tags.description}>
          <input type="text" maxLength={300} value={description} onInput={(event) => setDescription(event.currentTarget.value)} />
        </Field>
        {save.error !== null && <ErrorBox error={save.error} />}
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            {text.actions.cancel}
          </button>
          <button type="submit" class="button primary" disabled={save.isPending || name.trim() === ''}>
            {text.actions.save}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
