import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { joinEmbedded } from '../../../gateway/src/db/join-embedded.ts';
import { type Db, openPool } from '../../../gateway/src/db/pool.ts';
import { type DemoGateway, startDemoGateway } from '../../../gateway/test/gateway.ts';
import { findWindow } from '../../src/calls/row-window.ts';
import { openBrowser, openVisit, signIn, tellExit, type Visit, waitLoaded } from './browser.ts';

/** `ROWS=1000000 node scripts/test.ts browser/table` scrolls through a real million; it takes some minutes. */
const rows = Number(process.env['ROWS'] ?? 20_000);
const rowsShownMax = 80;
const steps = 200;

describe('the table of payouts', () => {
  let gateway: DemoGateway;
  let browser: Browser;
  let visit: Visit;
  let page: Page;
  before(async () => {
    gateway = await startDemoGateway({ env: { AUDIT_EVERY_MS: '0' } });
    await withDatabase(gateway, (db) => db.query(insertPaid, [gateway.demo.accounts[0]?.id, rows]));
    browser = await openBrowser();
    visit = await openVisit(browser);
    ({ page } = visit);
    await signIn(visit, gateway, 'payouts');
    await waitLoaded(page);
  });
  after(async () => {
    await browser?.close();
    if (gateway !== undefined) tellExit(gateway);
    await gateway?.close();
  });

  const countRows = (): Promise<number> => page.locator('.payouts .rows [role="row"]').count();

  test(`${rows} payouts scroll smoothly: few rows are in the document, and little is done per step`, async () => {
    const session = await visit.context.newCDPSession(page);
    await session.send('Performance.enable');
    const first = await scroll(page, session);
    const shown = await countRows();
    assert.ok(shown > 10 && shown <= rowsShownMax, `${shown} rows are in the document`);
    const reached = await jumpToEnd(page);
    assert.equal(reached, rows + 1, 'every payout was reached: the demo’s and the others');
    assert.ok((await countRows()) <= rowsShownMax);
    const last = await scroll(page, session, -1);
    await page.waitForFunction(() => document.querySelector('.payouts .row[aria-busy="true"]') === null);
    const heap = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
    );
    console.log(
      `measured: ${reached} payouts: ${shown} rows in the document, script per scroll step ` +
        `${first.toFixed(2)} ms at the top and ${last.toFixed(2)} ms at the end, heap ${(heap / 1e6).toFixed(0)} MB`,
    );
    assert.deepEqual(visit.problems, []);
  });

  test('a list taller than any browser draws is pressed together, and still ends at its last row', () => {
    const million = { viewHeight: 700, rowHeight: 34, count: 1_000_000 };
    for (const scrollTop of [0, 1, 5_000_000, 15_000_000]) {
      const { from, to, height } = findWindow({ ...million, scrollTop });
      assert.ok(to - from <= rowsShownMax && to > from, `${from} to ${to}`);
      assert.ok(height <= 15_000_000);
    }
    assert.equal(findWindow({ ...million, scrollTop: 0 }).firstRow, 0);
    const end = findWindow({ ...million, scrollTop: 15_000_000 - 700 });
    assert.deepEqual([end.lastRow, end.to], [999_999, 1_000_000]);
    const short = findWindow({ ...million, count: 3, scrollTop: 0 });
    assert.deepEqual([short.from, short.to, short.height], [0, 3, 102]);
    assert.equal(findWindow({ ...million, count: 0, scrollTop: 0 }).to, 0);
  });

  test('the payouts of a filter are exported, formulas neutralised, with a word on how far it is', async () => {
    await withDatabase(gateway, (db) =>
      db.query(`update payout set order_id = '=1+1' where payout_id = 50000001 and merchant_id = 1`),
    );
    await page.goto(`${gateway.demo.consoleUrl}payouts?amount_to=2.00&currency=RUB#export`);
    const dialog = page.getByRole('dialog');
    for (const [format, begin] of [
      ['csv', /^\uFEFF?[\w"]/],
      ['xlsx', /^PK/],
    ] as const) {
      await dialog.getByLabel('Format').selectOption(format);
      await dialog.getByRole('button', { name: 'Make the file' }).click();
      await dialog.getByText(/^Ready: /).waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        dialog.getByRole('link', { name: 'Download' }).click(),
      ]);
      assert.ok(download.suggestedFilename().endsWith(`.${format}`), download.suggestedFilename());
      const bytes = await readFile(await download.path());
      assert.match(bytes.toString('latin1').replace('\u00ef\u00bb\u00bf', ''), begin);
      if (format === 'xlsx') continue;
      const lines = bytes.toString().trimEnd().split('\n');
      assert.equal(lines.length, 101, 'amounts from 1.01 to 2.00, and the names of the columns');
      assert.ok(lines.some((line) => line.includes(`'=1+1`)) && !lines.some((line) => /[,"]=1/.test(line)));
    }
    await page.keyboard.press('Escape');
  });

  test('columns are chosen and kept, by keyboard too', async () => {
    await page.goto(`${gateway.demo.consoleUrl}payouts`);
    await waitLoaded(page);
    await page.getByRole('button', { name: 'Columns' }).press('Enter');
    await page.getByLabel('Commission').press('Space');
    await page.getByLabel('Service').press('Space');
    await page.keyboard.press('Escape');
    const titles = async () => (await page.getByRole('columnheader').allTextContents()).slice(1);
    const chosen = ['Payout', 'State', 'Order', 'Recipient', 'Amount', 'Commission', 'Created'];
    assert.deepEqual(await titles(), chosen);
    await page.reload();
    await waitLoaded(page);
    assert.deepEqual(await titles(), chosen);
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('button', { name: 'As at first' }).click();
    assert.ok((await titles()).includes('Service'));
    await page.keyboard.press('Escape');
  });

  test('at the top new payouts come by themselves; further down nothing moves, and states stay fresh', async () => {
    await withDatabase(gateway, (db) => db.query(insertNewer, [gateway.demo.accounts[0]?.id]));
    await page.getByRole('link', { name: '200000001' }).waitFor();
    await page.locator('.payouts').evaluate((box) => box.scrollTo(0, 1_000));
    await page.getByText('Standing still while you read on').waitFor();
    const firstShown = () => page.locator('.payouts .rows [data-payout]').first().textContent();
    const shownFirst = await firstShown();
    await withDatabase(gateway, (db) => db.query(insertNewer, [gateway.demo.accounts[0]?.id]));
    await page.waitForTimeout(4_000);
    assert.equal(await firstShown(), shownFirst);
    await page.locator('.payouts').evaluate((box) => box.scrollTo(0, 0));
    await page.getByRole('link', { name: '200000002' }).waitFor();
  });

  test('a range of rows is marked with Shift', async () => {
    await page.goto(`${gateway.demo.consoleUrl}payouts?state=paid`);
    await waitLoaded(page);
    const boxes = page.locator('.payouts .rows [role="row"] input[type="checkbox"]');
    await boxes.nth(2).click();
    await boxes.nth(8).click({ modifiers: ['Shift'] });
    await page.getByText('7 marked').waitFor();
    await boxes.nth(4).click();
    await page.getByText('6 marked').waitFor();
    await page.getByRole('button', { name: 'Unmark' }).click();
    assert.equal(await page.getByRole('region', { name: 'Marked payouts' }).count(), 0);
  });
});

/** Milliseconds of script for each of many steps of the wheel. */
async function scroll(page: Page, session: CDPSession, direction: 1 | -1 = 1): Promise<number> {
  const startedMs = await scriptMs(session);
  await page.evaluate(
    async ({ count, px }) => {
      const box = document.querySelector('.payouts');
      for (let step = 0; step < count; step += 1) {
        box?.scrollBy(0, px);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    },
    { count: steps, px: 102 * direction },
  );
  return ((await scriptMs(session)) - startedMs) / steps;
}

async function scriptMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? 0) * 1_000;
}

/** Goes to the end again and again until there is no more; answers the number of the last row. */
async function jumpToEnd(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const box = document.querySelector('.payouts');
    const wait = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let same = 0; same < 60; ) {
      const height = box?.scrollHeight ?? 0;
      box?.scrollTo(0, height);
      await wait();
      const isBusy = document.querySelector('.payouts .row[aria-busy="true"]') !== null;
      same = height === box?.scrollHeight && !isBusy ? same + 1 : 0;
    }
    const last = [...document.querySelectorAll('.payouts .rows [role="row"]')].at(-1);
    return Number(last?.getAttribute('aria-rowindex')) - 1;
  });
}

async function withDatabase(gateway: DemoGateway, use: (db: Db) => Promise<unknown>): Promise<void> {
  const connection = await joinEmbedded(gateway.dataDir);
  assert.ok(connection !== undefined);
  const timeouts = { statementTimeoutMs: 0, queryTimeoutMs: 0 };
  const db = openPool({ connection, name: 'vyplata test', connectionsMax: 1, ...timeouts });
  try {
    await use(db);
  } finally {
    await db.close();
  }
}

const columns = `merchant_id, payout_id, account_id, order_id, state, service_code, recipient_kind, recipient_mask,
  recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor, percent_minor,
  old_available_minor, final_paid_minor, final_commission_minor, connectors, created_at, final_at`;
const values = `'paid', 'qiwi_rub', 'wallet_phone', '*******' || lpad((n % 10000)::text, 4, '0'), '', 'RUB', n + 100,
  n + 100, n + 100, 0, 0, 100000000000, n + 100, 0, '{sandbox}'`;

/** Older than the demo's own. */
const insertPaid = `insert into payout (${columns})
  select 1, 50000000 + n, $1, 'bulk-' || n, ${values}, now() - interval '1 day' - (($2::bigint - n) || ' s')::interval,
    now() - interval '1 day'
  from generate_series(1, $2::bigint) n`;
const insertNewer = `insert into payout (${columns})
  select 1, 200000000 + n, $1, 'newer-' || n, ${values}, now(), now()
  from (select count(*) + 1 as n from payout where payout_id >= 200000000) c`;
