/** How fast an upload is, by what was sent of late. */
export class Pace {
  #samples: { at: number; sent: number }[] = [];

  /** Forgets everything: after a pause, what was before says nothing. */
  clear(): void {
    this.#samples = [];
  }

  /** Notes how many bytes were sent by a moment in milliseconds. Bytes of a part that is sent again do not count twice. */
  note(at: number, sent: number): void {
    this.#samples = this.#samples.filter((sample) => at - sample.at <= WINDOW_MILLISECONDS && sample.sent <= sent);
    this.#samples.push({ at, sent });
  }

  /** Bytes a second; 0 if that is not known yet. */
  get speed(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at === first.at) return 0;
    return ((last.sent - first.sent) * 1000) / (last.at - first.at);
  }
}

const WINDOW_MILLISECONDS = 10_000;

/** Seconds until all is sent; `null` if nobody can say. */
export function secondsLeft(size: number, sent: number, speed: number): number | null {
  return speed > 0 ? Math.max(0, size - sent) / speed : null;
}
