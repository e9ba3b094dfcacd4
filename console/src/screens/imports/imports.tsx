import { useEffect, useState } from 'preact/hooks';
import { cache } from '../../api/cache';
import { api, body } from '../../api/client';
import { isAtLeast, useMe } from '../../api/me';
import { usePages } from '../../api/pages';
import { formatBytes, formatDateTime, formatNumber } from '../../lib/format';
import { useTitle } from '../../lib/hooks';
import { text } from '../../text';
import { importsText } from '../../text/imports';
import { Check, Field } from '../../ui/field';
import { FileBox } from '../../ui/file_box';
import { Icon } from '../../ui/icons';
import { More } from '../../ui/more';
import { ScrollBox } from '../../ui/scroll_box';
import { describe, Empty, Shown } from '../../ui/states';
import { TagInput } from '../../ui/tag_input';
import { cancelUpload, currentUploads, forgetUpload, type Options, subscribeToUploads, upload } from './upload';

export function Imports() {
  useTitle(text.nav.imports);
  const me = useMe();
  const mayImport = isAtLeast(me, 'editor');
  const list = usePages({
    queryKey: ['imports', 'list'],
    page: (query, signal) => body(api.GET('/v1/imports', { params: { query: { limit: 50, ...query } }, signal })),
    isRunning: ({ status }) => status === 'running' || status === 'awaiting_upload',
  });
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{text.nav.imports}</h1>
          <p class="lead">{importsText.lead}</p>
        </div>
      </header>
      <div class="stack">
        {mayImport ? <DropBox /> : <p class="note">{importsText.viewer}</p>}
        <Uploads />
        <section class="panel flush">
          <Shown query={list} rows={4}>
            {({ items }) => {
              if (items.length === 0 && !list.hasNextPage) return <Empty title={importsText.none} />;
              return (
                <ScrollBox label={text.nav.imports}>
                  <table class="list">
                    <thead>
                      <tr>
                        <th scope="col">{importsText.file}</th>
                        <th scope="col">{importsText.status}</th>
                        <th scope="col" class="number">
                          {importsText.read}
                        </th>
                        <th scope="col" class="number">
                          {importsText.created}
                        </th>
                        <th scope="col" class="number">
                          {importsText.failed}
                        </th>
                        <th scope="col">{importsText.started}</th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((one) => (
                        <tr key={one.id}>
                          <td>
                            <a href={`/console/imports/${one.id}`}>{one.filename ?? one.id}</a>
                          </td>
                          <td>
                            <ImportStatus status={one.status} dryRun={one.dry_run} />
                          </td>
                          <td class="number">{formatNumber(one.counts.read)}</td>
                          <td class="number">{formatNumber(one.counts.created + one.counts.overwritten)}</td>
                          <td class="number">{formatNumber(one.counts.invalid + one.counts.conflicting)}</td>
                          <td class="muted nowrap">{formatDateTime(one.created_at)}</td>
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
      </div>
    </>
  );
}

const TONES = {
  running: 'warn',
  awaiting_upload: '',
  succeeded: 'good',
  succeeded_with_errors: 'warn',
  failed: 'bad',
  cancelled: '',
} as const;

export function ImportStatus({ status, dryRun }: { status: keyof typeof TONES; dryRun: boolean }) {
  return (
    <span class="row tight">
      <span class={`badge ${TONES[status]}`}>{text.imports.statuses[status]}</span>
      {dryRun && <span class="badge">{importsText.dryRun}</span>}
    </span>
  );
}

function DropBox() {
  const me = useMe();
  const [options, setOptions] = useState<Options>({ dry_run: false, on_conflict: 'skip', strict: false, tags: [] });

  const start = (files: Iterable<File>) => {
    const { tags, ...rest } = options;
    for (const file of files) {
      upload(file, { ...rest, ...(tags && tags.length > 0 ? { tags } : {}) }).then(() =>
        cache.invalidateQueries({ queryKey: ['imports'] }),
      );
    }
  };

  return (
    <>
      <FileBox
        title={importsText.drop}
        hint={importsText.formats(formatBytes(me.limits.import_bytes))}
        choose={importsText.choose}
        onChosen={start}
        onDropped={(dropped) => start(dropped.files)}
      />
      <details class="panel">
        <summary>
          {importsText.options} <span class="muted small">{importsText.optionsHint}</span>
        </summary>
        <div class="form">
          <Check
            label={importsText.dryRunLabel}
            hint={importsText.dryRunHint}
            checked={options.dry_run === true}
            onChange={(dry_run) => setOptions({ ...options, dry_run })}
          />
          <Check
            label={importsText.strict}
            hint={importsText.strictHint}
            checked={options.strict === true}
            onChange={(strict) => setOptions({ ...options, strict })}
          />
          <div class="pair">
            <Field label={importsText.onConflict}>
              <select
                value={options.on_conflict ?? 'skip'}
                onChange={(event) => setOptions({ ...options, on_conflict: event.currentTarget.value as 'skip' })}
              >
                {(['skip', 'overwrite', 'fail'] as const).map((one) => (
                  <option key={one} value={one}>
                    {importsText.conflicts[one]}
                  </option>
                ))}
              </select>
            </Field>
            <Field label={importsText.domain}>
              <select
                value={options.domain ?? ''}
                onChange={(event) => {
                  const { domain: _, ...rest } = options;
                  const domain = event.currentTarget.value;
                  setOptions(domain ? { ...rest, domain } : rest);
                }}
              >
                <option value="">{importsText.defaultDomain}</option>
                {me.domains.map((domain) => (
                  <option key={domain} value={domain}>
                    {domain}
                  </option>
                ))}
              </select>
            </Field>
          </div>
          <Field label={importsText.tags}>
            <TagInput value={options.tags ?? []} onChange={(tags) => setOptions({ ...options, tags })} />
          </Field>
        </div>
      </details>
    </>
  );
}

function Uploads() {
  const [uploads, setUploads] = useState(currentUploads());
  useEffect(() => subscribeToUploads(() => setUploads(currentUploads())), []);
  if (uploads.length === 0) return null;
  return (
    <ul class="stack" aria-label={importsText.uploads}>
      {uploads.map((one) => (
        <li class="card" key={one.number}>
          <div class="row between">
            <strong class="clip">{one.importId ? <a href={`/console/imports/${one.importId}`}>{one.name}</a> : one.name}</strong>
            <span class="row">
              <span class="muted small" role="status">
                {one.state === 'sending'
                  ? importsText.sending(formatBytes(one.sent), formatBytes(one.size), formatBytes(one.speed))
                  : importsText.uploadStates[one.state]}
              </span>
              {one.state === 'sending' || one.state === 'starting' ? (
                <button type="button" class="button small" onClick={() => cancelUpload(one.number)}>
                  {text.actions.cancel}
                </button>
              ) : (
                <button
                  type="button"
                  class="button ghost icon-only"
                  aria-label={text.actions.close}
                  onClick={() => forgetUpload(one.number)}
                >
                  <Icon name="close" />
                </button>
              )}
            </span>
          </div>
          {one.state === 'sending' && <progress max={one.size} value={one.sent} aria-label={one.name} />}
          {one.error !== null && <p class="field-error">{Object.values(describe(one.error)).filter(Boolean).join(' ')}</p>}
        </li>
      ))}
    </ul>
  );
}
