import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { useMe } from '../../api/me';
import { Problem } from '../../api/problem';
import { formatBytes, formatDuration, formatShare } from '../../lib/format';
import { text } from '../../text';
import { filesText } from '../../text/files';
import { Icon } from '../../ui/icons';
import { describe } from '../../ui/states';
import { toast } from '../../ui/toasts';
import { ownerOf } from './drop_box';
import { chosenFiles } from './upload/chosen';
import { currentUploads, subscribeToUploads, type Upload } from './upload/list';
import { FileChanged } from './upload/put';
import { allow, cancel, drop, goOn, onceUploaded, pause, restore, start } from './upload/uploads';

/** Steps of progress that are read aloud: more would be chatter. */
const STEPS = 4;

/** The uploads of this tab, and those that a reload has interrupted. */
export function Uploads() {
  const owner = ownerOf(useMe());
  const { route } = useLocation();
  const [all, setAll] = useState(currentUploads());
  useEffect(() => {
    setAll(currentUploads());
    return subscribeToUploads(() => setAll(currentUploads()));
  }, []);
  useEffect(() => void restore(owner), [owner]);
  useEffect(() => {
    onceUploaded(({ id, name }) => {
      // On this screen the card says it.
      if (location.pathname === '/console/files') return;
      toast(filesText.uploads.done(name), { label: filesText.share, run: () => route(`/console/files/${id}`) });
    });
  }, [route]);
  const uploads = all.filter((upload) => upload.owner === owner);
  return (
    <>
      <Announcer uploads={uploads} />
      {uploads.length > 0 && (
        <ul class="stack uploads" aria-label={filesText.uploads.title}>
          {uploads.map((upload) => (
            <Card key={upload.number} upload={upload} />
          ))}
        </ul>
      )}
    </>
  );
}

/** Reads aloud what has changed, and how far uploads are, in few steps. */
function Announcer({ uploads }: { uploads: Upload[] }) {
  const said = useRef(new Map<number, string>());
  const [message, setMessage] = useState('');
  useEffect(() => {
    const news = uploads.flatMap((upload) => {
      const now = spoken(upload);
      if (said.current.get(upload.number) === now) return [];
      said.current.set(upload.number, now);
      return now === '' ? [] : [filesText.uploads.said(upload.name, now)];
    });
    if (news.length > 0) setMessage(news.join('. '));
  }, [uploads]);
  return (
    <p class="visually-hidden" role="status">
      {message}
    </p>
  );
}

function spoken(upload: Upload): string {
  if (upload.state !== 'sending') return stateOf(upload);
  const step = Math.floor((upload.sent / upload.size) * STEPS) / STEPS;
  return step > 0 && step < 1 ? filesText.uploads.percent(formatShare(step)) : '';
}

function stateOf({ state, hasHandle, ...upload }: Upload): string {
  if (state === 'asks') return hasHandle ? filesText.uploads.states.handle : filesText.uploads.states.asks;
  if (state !== 'sending') return filesText.uploads.states[state];
  const { sent, size, speed, left, trying } = upload;
  return [
    filesText.uploads.sending(formatBytes(sent), formatBytes(size)),
    ...(trying
      ? [filesText.uploads.trying]
      : [
          speed > 0 && filesText.uploads.speed(formatBytes(speed)),
          left !== null && filesText.uploads.left(formatDuration(Math.max(1, left))),
        ]),
  ]
    .filter(Boolean)
    .join(' · ');
}

function Card({ upload }: { upload: Upload }) {
  const { number, name, state, id, sent, size } = upload;
  const isUnderWay = !['done', 'failed', 'asks', 'waiting'].includes(state);
  return (
    <li class="card">
      <div class="row between">
        <strong class="clip">
          {state === 'done' && id !== null ? (
            <a href={`/console/files/${id}`}>
              <bdi>{name}</bdi>
            </a>
          ) : (
            <bdi>{name}</bdi>
          )}
        </strong>
        <span class="row tight">
          <span class="muted small upload-state" data-state={state}>
            {stateOf(upload)}
          </span>
          <Actions upload={upload} />
        </span>
      </div>
      {(isUnderWay || (sent > 0 && state !== 'done')) && <progress max={size} value={sent} aria-label={name} />}
      {upload.error !== null && <p class="field-error">{whyOf(upload.error)}</p>}
      {state === 'asks' && <Again number={number} name={name} hasHandle={upload.hasHandle} />}
    </li>
  );
}

function whyOf(error: unknown): string {
  if (error instanceof FileChanged) return filesText.uploads.changed;
  if (error instanceof Problem && error.status === 0) return filesText.uploads.broken;
  const { title, detail } = describe(error);
  if (error instanceof Problem && error.status === 403 && detail === '') return filesText.uploads.refused;
  return [title, detail].filter(Boolean).join(': ');
}

function Actions({ upload }: { upload: Upload }) {
  const { number, name, state, id } = upload;
  const of = (action: string) => filesText.uploads.of(action, name);
  const mayPause = ['waiting', 'starting', 'sending', 'offline'].includes(state);
  return (
    <>
      {mayPause && (
        <button type="button" class="button small" aria-label={of(filesText.uploads.pause)} onClick={() => pause(number)}>
          {filesText.uploads.pause}
        </button>
      )}
      {state === 'paused' && (
        <button type="button" class="button small" aria-label={of(filesText.uploads.goOn)} onClick={() => start(number)}>
          {filesText.uploads.goOn}
        </button>
      )}
      {state === 'failed' && (
        <button type="button" class="button small" aria-label={of(filesText.uploads.again)} onClick={() => start(number)}>
          {filesText.uploads.again}
        </button>
      )}
      {state === 'done' && id !== null && (
        <a class="button small primary" href={`/console/files/${id}`} aria-label={filesText.shareFile(name)}>
          <Icon name="link" />
          {filesText.share}
        </a>
      )}
      {state === 'done' ? (
        <button type="button" class="button ghost icon-only" aria-label={of(text.actions.close)} onClick={() => drop(number)}>
          <Icon name="close" />
        </button>
      ) : (
        state !== 'finishing' && (
          <button type="button" class="button small" aria-label={of(filesText.uploads.cancel)} onClick={() => cancel(number)}>
            {filesText.uploads.cancel}
          </button>
        )
      )}
    </>
  );
}

/** Asks for the file of an upload that a reload has interrupted. */
function Again({ number, name, hasHandle }: { number: number; name: string; hasHandle: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState('');
  return (
    <div class="row">
      {hasHandle && (
        <button
          type="button"
          class="button small primary"
          onClick={async () => {
            if (!(await allow(number))) setProblem(filesText.uploads.notAllowed);
          }}
        >
          {filesText.uploads.goOn}
        </button>
      )}
      <button type="button" class="button small" onClick={() => input.current?.click()}>
        {filesText.uploads.chooseAgain}
      </button>
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        tabIndex={-1}
        aria-label={filesText.uploads.of(filesText.uploads.chooseAgain, name)}
        onChange={(event) => {
          const [chosen] = chosenFiles(event.currentTarget.files);
          if (chosen && !goOn(number, chosen)) setProblem(filesText.uploads.notTheSame(name));
          event.currentTarget.value = '';
        }}
      />
      {problem && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
