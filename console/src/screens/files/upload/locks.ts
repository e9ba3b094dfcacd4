/** Keeps two tabs from sending the same file. Where the browser has no locks, both send the same bytes, which does no harm. */

export interface Claim {
  release: () => void;
}

const nameOf = (id: string): string => `waypost.upload.${id}`;

/** Says that this tab sends the file, until the claim is released or the tab is closed. */
export function claim(id: string): Claim {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  navigator.locks?.request(nameOf(id), () => released).catch(() => {});
  return { release };
}

/** Whether another tab sends the file. */
export async function isClaimed(id: string): Promise<boolean> {
  const locks = await navigator.locks?.query().catch(() => null);
  return locks?.held?.some(({ name }) => name === nameOf(id)) ?? false;
}

/** Resolves once no tab sends the file. */
export async function whenFree(id: string): Promise<void> {
  await navigator.locks.request(nameOf(id), () => {});
}
