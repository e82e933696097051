import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { DemoGateway } from '../../../gateway/test/gateway.ts';

/** Git-ignored: what the tests saw. */
const shotFolder = fileURLToPath(new URL('../../output/', import.meta.url));

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];

/** The browser of this machine. Throws with the way to get one. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? places.find((place) => existsSync(place));
  if (executablePath === undefined) {
    throw new Error('No Chromium here. Install it (apt-get install chromium), or name its program in CHROMIUM.');
  }
  await mkdir(shotFolder, { recursive: true });
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

export type Visit = { readonly page: Page; readonly context: BrowserContext; readonly problems: readonly string[] };
type Look = {
  readonly language?: 'en' | 'ru';
  readonly colours?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
};

/** A window that notes every error and every violation of the content security policy. */
export async function openVisit(browser: Browser, look: Look = {}): Promise<Visit> {
  const { language = 'en', colours = 'light', width = 1360, height = 860 } = look;
  const context = await browser.newContext({
    locale: language === 'ru' ? 'ru-RU' : 'en-GB',
    timezoneId: 'Europe/Berlin',
    colorScheme: colours,
    reducedMotion: 'reduce',
    viewport: { width, height },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // A refused call is what some journeys are about; the browser reports it by itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      problems.push(message.text());
  });
  return { page, context, problems };
}

/** Signs in as a person does, and waits for the page that was asked for. */
export async function signIn({ page }: Visit, gateway: DemoGateway, path = ''): Promise<void> {
  const { login, password } = gateway.demo.operator;
  await page.goto(gateway.demo.consoleUrl + path);
  await page.locator('input[name="login"]').fill(login);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('form button[type="submit"]').click();
  await page.locator('nav').first().waitFor({ state: 'attached' });
}

/** Waits until nothing grey is left of the page. */
export async function waitLoaded(page: Page): Promise<void> {
  await page.locator('h1').waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
}

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Fails with every violation that axe finds. It is run outside the page's policy, which lets no foreign script in. */
export async function checkAccess({ page, context }: Visit, name: string): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axe.source });
  const expression = `axe.run(document, { runOnly: ${JSON.stringify(rules)} }).then(({ violations }) =>
    JSON.stringify(violations.map(({ id, nodes }) => [id, ...nodes.map((n) => n.html + ' ' + n.failureSummary)])))`;
  const { result } = await session.send('Runtime.evaluate', { expression, awaitPromise: true });
  await session.detach();
  assert.deepEqual(JSON.parse(String(result.value)), [], `axe on ${name}`);
}

/** A gateway that ended by itself says why: the runner shows it beside the failed test. */
export function tellExit({ child, output }: DemoGateway): void {
  if (child.exitCode !== null || child.signalCode !== null) {
    console.log(`The gateway had ended (${child.exitCode ?? child.signalCode}):\n${output()}`);
  }
}

export async function takeShot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${shotFolder}${name}.png` });
}
