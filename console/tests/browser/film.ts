import type { Page } from 'playwright-core';

/** Makes a film of three seconds that this browser can play in any case, and pastes it into the page. */
export async function pasteFilm(page: Page, name: string): Promise<void> {
  await page.evaluate(async (called) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
    const pen = canvas.getContext('2d');
    const type = ['video/mp4;codecs=vp9', 'video/webm;codecs=vp9'].find((one) => MediaRecorder.isTypeSupported(one)) ?? 'video/webm';
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: type });
    const pieces: Blob[] = [];
    let frames = 0;
    await new Promise<void>((resolve) => {
      const drawing = setInterval(() => {
        if (pen) pen.fillStyle = `hsl(${frames * 5} 80% 50%)`;
        pen?.fillRect(0, 0, 320, 180);
        if (++frames > 75) recorder.stop();
      }, 40);
      recorder.ondataavailable = ({ data }) => pieces.push(data);
      recorder.onstop = () => {
        clearInterval(drawing);
        resolve();
      };
      recorder.start();
    });
    const data = new DataTransfer();
    data.items.add(new File(pieces, called, { type: type.split(';')[0] ?? '' }));
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  }, name);
}

/** Goes to the third second of a film and plays on from there. Returns where it is then, in seconds, and how wide it is, in pixels. */
export function playOn(page: Page, selector: string): Promise<{ at: number; width: number }> {
  return page.locator(selector).evaluate(async (element) => {
    const video = element as HTMLVideoElement;
    const once = (event: string) => new Promise((resolve) => video.addEventListener(event, resolve, { once: true }));
    video.muted = true;
    if (video.readyState < HTMLMediaElement.HAVE_METADATA) await once('loadedmetadata');
    video.pause();
    const seeked = once('seeked');
    video.currentTime = 2;
    await seeked;
    const moved = once('timeupdate');
    await video.play();
    await moved;
    return { at: video.currentTime, width: video.videoWidth };
  });
}
