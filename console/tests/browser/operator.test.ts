import { describe, expect, it } from 'vitest';
import { useBrowser } from './visit';

const { visit, state, requests } = useBrowser();

describe('blocked targets', () => {
  it('are looked for, blocked many at once, and unblocked', async () => {
    const page = await visit('/console/blocked-targets');
    await page.getByRole('searchbox', { name: 'Begins with' }).fill('evil');
    await page.waitForURL(/prefix=evil/);
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    await page.getByRole('searchbox', { name: 'Begins with' }).fill('');
    await page.getByRole('button', { name: 'Block targets' }).click();
    await page.getByRole('textbox', { name: 'Targets' }).fill('bad.example\nnonsense\nhttps://worse.example/x');
    await page.getByLabel('Reason').selectOption('malware');
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText('nonsense: is not a host or URL').waitFor();
    await page.getByRole('textbox', { name: 'Targets' }).fill('bad.example\nhttps://worse.example/x');
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText('2 targets are blocked').waitFor();
    await page.locator('tbody tr', { hasText: 'bad.example' }).getByRole('button', { name: 'Unblock' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Unblock' }).click();
    await page.getByText('bad.example is not blocked any more').waitFor();
    expect(state().blocked.map(({ target }) => target)).not.toContain('bad.example');
    expect(state().blocked.find(({ target }) => target === 'worse.example/x')?.reason).toBe('malware');
  });
});

describe('abuse reports', () => {
  it('are blocked and closed in one step', async () => {
    const page = await visit('/console/abuse-reports');
    const report = page.getByRole('article', { name: 'go.example.com/your-parcel' });
    await report.getByText('What 3 visitors wrote').click();
    await report.getByText('It asks for my card number').waitFor();
    expect(await report.getByRole('link').count()).toBe(0);
    await report.getByRole('button', { name: 'Block and close' }).click();
    expect(await page.getByLabel('Reason').inputValue()).toBe('phishing');
    await page.getByLabel('Only this address').check();
    await page.locator('dialog').getByRole('button', { name: 'Block and close' }).click();
    await page.getByText('parcel-fees.example/pay/now is blocked, and the report closed').waitFor();
    await expect.poll(() => report.count()).toBe(0);
    expect(requests('PATCH', /abuse/)).toHaveLength(1);
    expect(state().blocked.map(({ target }) => target)).toContain('parcel-fees.example/pay/now');
  });

  it('are closed with a note, and opened again', async () => {
    const page = await visit('/console/abuse-reports');
    await page.getByRole('article', { name: 'go.example.com/docs' }).getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByLabel('Note').fill('our own page');
    await page.locator('dialog form').getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('The report is closed').waitFor();
    await page.getByRole('button', { name: 'Closed', exact: true }).click();
    const closed = page.getByRole('article', { name: 'go.example.com/docs' });
    await closed.getByText('Note: our own page').waitFor();
    await closed.getByRole('button', { name: 'Open again' }).click();
    await expect.poll(() => closed.count()).toBe(0);
    expect(state().blocked).toHaveLength(4);
  });

  it.each(['editor', 'viewer', 'admin of another workspace'] as const)('and blocked targets are not shown to an %s', async (who) => {
    state().isOperators = who !== 'admin of another workspace';
    const role = who === 'admin of another workspace' ? 'admin' : who;
    const page = await visit('/console/abuse-reports', role);
    await page.getByText('You may not do this').waitFor();
    expect(await page.getByRole('navigation').getByText('Abuse reports').count()).toBe(0);
    await page.goto('/console/blocked-targets');
    await page.getByText('You may not do this').waitFor();
    await page.goto('/console/');
    await page.locator('.tops li').first().waitFor();
    expect(requests('GET', /abuse|blocked/)).toEqual([]);
  });
});

describe('visits to no link', () => {
  it('become a link with a click', async () => {
    const page = await visit('/console/domains', 'editor');
    await page.getByRole('link', { name: 'Visits to no link' }).first().click();
    await page.getByRole('link', { name: 'Make a link of /sping-sale' }).click();
    await page.getByLabel('Target', { exact: true }).fill('https://example.org/sale');
    await page.getByRole('button', { name: 'Create link' }).click();
    await page.waitForURL(/\/console\/links\/go.example.com\/sping-sale/);
    expect(state().links[0]).toMatchObject({ slug: 'sping-sale', domain: 'go.example.com' });
  });

  it('are filtered by path, and have no link where no slug can be', async () => {
    const page = await visit('/console/domains/go.example.com/misses');
    await page.getByRole('button', { name: '/doc', exact: true }).click();
    await page.waitForURL(/filter=path%3A%2Fdoc/);
    const row = page.locator('.tops li', { hasText: '/caf' });
    expect(await row.getByRole('link').count()).toBe(0);
    expect(await page.locator('section', { hasText: 'Campaigns' }).count()).toBe(0);
  });

  it('offer no link to a viewer', async () => {
    const page = await visit('/console/domains/go.example.com/misses', 'viewer');
    await page.getByText('/sping-sale').waitFor();
    expect(await page.getByRole('link', { name: /Make a link/ }).count()).toBe(0);
  });
});

describe('links that need a look', () => {
  it('with a broken target are found from home, and say why', async () => {
    const page = await visit('/console/');
    await page.getByRole('link', { name: '2 links have a broken target' }).click();
    await page.waitForURL(/broken=true/);
    await expect.poll(() => page.locator('.link-row').count()).toBe(2);
    await page.locator('.link-row a.slug').first().click();
    await page.getByText('it answers with status 404').waitFor();
  });

  it('that expire soon are on home whenever they were made, and in the list the soonest first', async () => {
    const late = state().links[200];
    if (late) late.expires_at = new Date(Date.now() + 86_400_000).toISOString();
    const page = await visit('/console/');
    await page.getByRole('link', { name: `${late?.domain}/${late?.slug}` }).waitFor();
    await page.goto('/console/links');
    await page.getByLabel('Needs a look').selectOption('7d');
    await expect.poll(() => page.locator('.link-row').count()).toBe(2);
    expect(await page.locator('.link-row a.slug').first().innerText()).toContain(late?.slug);
    await page.locator('.head input').check();
    await page.getByRole('button', { name: 'Archive' }).click();
    await page.getByText('2 links changed').waitFor();
  });
});
