import { useState } from 'preact/hooks';
import type { StoredFile } from '../../api/files';
import { filesText } from '../../text/files';

/** How to show a type; `null` for all that is not a picture, a film or a sound. SVG can run scripts elsewhere, so it is left out. */
function kindOf(type: string): 'image' | 'video' | 'audio' | null {
  if (type === 'image/svg+xml') return null;
  const [kind] = type.split('/');
  return kind === 'image' || kind === 'video' || kind === 'audio' ? kind : null;
}

/** The file as the browser shows it, in the page: it runs nothing. */
export function Preview({ file }: { file: StoredFile }) {
  // A new URL would begin a film anew, so the first one stays as long as it works.
  const [url, setUrl] = useState(file.url);
  const [broken, setBroken] = useState(false);
  const kind = kindOf(file.detected?.content_type ?? file.content_type);
  if (file.status !== 'ready' || kind === null || file.url === null) return null;
  const source = url ?? file.url;
  const fail = () => (source === file.url ? setBroken(true) : setUrl(file.url));
  const label = filesText.previewOf(file.name);
  return (
    <section class="panel preview">
      <div class="panel-head">
        <h2>{filesText.preview}</h2>
      </div>
      {broken ? (
        <p class="muted">{filesText.noPreview}</p>
      ) : kind === 'image' ? (
        <img src={source} alt={label} onError={fail} />
      ) : kind === 'video' ? (
        // biome-ignore lint/a11y/useMediaCaption: nobody has captions of files that people upload
        <video src={source} aria-label={label} controls preload="metadata" onError={fail} />
      ) : (
        // biome-ignore lint/a11y/useMediaCaption: nobody has captions of files that people upload
        <audio src={source} aria-label={label} controls preload="metadata" onError={fail} />
      )}
    </section>
  );
}
