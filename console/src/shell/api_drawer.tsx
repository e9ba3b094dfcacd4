import { useEffect, useState } from 'preact/hooks';
import { curlOf } from '../api/curl';
import { loggedRequests, subscribeToLog } from '../api/log';
import { text } from '../text';
import { CopyButton } from '../ui/copy';
import { Dialog } from '../ui/dialog';
import { Empty } from '../ui/states';

/** How do I do this by API? The requests that the console has just made, as commands. */
export function ApiDrawer({ onClose }: { onClose: () => void }) {
  const [requests, setRequests] = useState(loggedRequests());
  useEffect(() => subscribeToLog(() => setRequests(loggedRequests())), []);
  return (
    <Dialog title={text.shell.byApi} kind="side" onClose={onClose}>
      <p class="muted">{text.api.lead}</p>
      {requests.length === 0 && <Empty title={text.api.none} />}
      {requests.map((request) => {
        const { pathname, search } = new URL(request.url);
        const command = curlOf(request);
        return (
          <section class="card" key={request.number} aria-label={`${request.method} ${pathname}`}>
            <header>
              <h3 class="clip mono" title={pathname + search}>
                {request.method} {pathname}
              </h3>
              {request.status !== null && (
                <span class={`badge ${request.status < 400 ? 'good' : 'bad'}`}>
                  {text.api.answer(request.status, request.milliseconds ?? 0)}
                </span>
              )}
              <CopyButton value={command} label={text.api.copy} />
            </header>
            <pre class="code">{command}</pre>
            {request.requestId && (
              <p class="muted small">
                {text.states.requestId} <code>{request.requestId}</code>
              </p>
            )}
          </section>
        );
      })}
    </Dialog>
  );
}
