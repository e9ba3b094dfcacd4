import type { ComponentChildren } from 'preact';
import { Problem } from '../api/problem';
import { useSlow } from '../lib/hooks';
import { text } from '../text';
import { Icon } from './icons';

/** Grey bars where content will be; says so after a while. */
export function Loading({ rows = 3, label = text.states.loading }: { rows?: number; label?: string }) {
  const slow = useSlow(true);
  return (
    <div class="loading" role="status">
      <span class="visually-hidden">{label}</span>
      {Array.from({ length: rows }, (_, at) => (
        <div class="skeleton" key={at} />
      ))}
      {slow && <p class="muted">{text.states.slow}</p>}
    </div>
  );
}

/** What went wrong, with what one can do, and the id under which an operator finds the request. */
export function ErrorBox({ error, retry }: { error: unknown; retry?: () => void }) {
  const { title, detail, requestId } = describe(error);
  return (
    <div class="error-box" role="alert">
      <Icon name="alert" />
      <div>
        <strong>{title}</strong>
        {detail && <p>{detail}</p>}
        {requestId && (
          <p class="muted small">
            {text.states.requestId} <code>{requestId}</code>
          </p>
        )}
        {retry && (
          <button type="button" class="button small" onClick={retry}>
            {text.states.retry}
          </button>
        )}
      </div>
    </div>
  );
}

export function describe(error: unknown): { title: string; detail: string; requestId: string | null } {
  if (!(error instanceof Problem)) return { title: text.states.bug, detail: error instanceof Error ? error.message : '', requestId: null };
  const { requestId } = error;
  if (error.status === 0) return { title: text.states.unreachable, detail: text.states.unreachableHint, requestId };
  if (error.status === 403) return { title: text.states.forbidden, detail: error.message, requestId };
  if (error.status === 404) return { title: text.states.notFound, detail: error.message, requestId };
  if (error.status === 429) return { title: text.states.tooMany, detail: error.message, requestId };
  const more = error.errors.map((field) => `${field.pointer}: ${field.detail}`).join('\n');
  return { title: error.title || text.states.failed, detail: [error.message, more].filter(Boolean).join('\n'), requestId };
}

/** One line for a toast. */
export function oneLine(error: unknown): string {
  const { title, detail, requestId } = describe(error);
  const first = error instanceof Problem && error.errors[0] ? error.errors[0].detail : detail;
  return [first || title, requestId && `(${text.states.requestId} ${requestId})`].filter(Boolean).join(' ');
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children && <div class="muted">{children}</div>}
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  fetchStatus: string;
  refetch: () => unknown;
}

/** Shows a query in all its states: what is there, else why not. */
export function Shown<T>({ query, rows, children }: { query: Asked<T>; rows?: number; children: (data: T) => ComponentChildren }) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error !== null && <ErrorBox error={query.error} retry={() => query.refetch()} />}
        {children(query.data)}
      </>
    );
  }
  if (query.error !== null) return <ErrorBox error={query.error} retry={() => query.refetch()} />;
  if (query.fetchStatus === 'paused') return <Empty title={text.states.offline}>{text.states.offlineHint}</Empty>;
  return <Loading {...(rows === undefined ? {} : { rows })} />;
}
