import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { type FreshGateway, startFreshGateway } from '../../../gateway/test/gateway.ts';
import { checkAccess, openBrowser, openVisit, takeShot, type Visit, waitLoaded } from './browser.ts';
import { makeCode } from './totp.ts';

const owner = { login: 'anna', password: 'three words and a lamp' };

/** An installation that lets nobody in without a second factor, from its first start on. */
describe('the first run, with second factors', () => {
  let gateway: FreshGateway;
  let browser: Browser;
  let visit: Visit;
  let page: Page;
  let secret = '';
  let recovery: string[] = [];
  before(async () => {
    gateway = await startFreshGateway({ SECOND_FACTOR: 'required', ONE_PERSON: 'true' });
    browser = await openBrowser();
    visit = await openVisit(browser);
    ({ page } = visit);
  });
  after(async () => {
    await browser?.close();
    await gateway?.close();
  });

  // Passkeys need a name: an address of numbers has none.
  const consoleUrl = (): string => `${gateway.baseUrl.replace('127.0.0.1', 'localhost')}/console/`;
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
  const dialog = () => page.getByRole('dialog');
  const showPassword = async (): Promise<void> => {
    await page.locator('input[name="login"]').fill(owner.login);
    await page.locator('input[name="password"]').fill(owner.password);
    await page.locator('form button[type="submit"]').click();
  };
  const showCode = async (code: string): Promise<void> => {
    await page.locator('input[name="code"]').fill(code);
    await page.locator('form button[type="submit"]').click();
  };
  const leave = async (): Promise<void> => {
    await press('Sign out');
    await page.locator('input[name="login"]').waitFor();
  };

  test('without the printed link nobody gets in, and the page says where the link is', async () => {
    await page.goto(consoleUrl());
    await page.getByText('When the gateway starts it prints a link').waitFor();
    await checkAccess(visit, 'no set-up link');
    assert.equal(await page.locator('input').count(), 0);
  });

  test('whoever opens the link becomes the owner; a short password is refused and the login stays', async () => {
    await page.goto(gateway.setupLink.replace('127.0.0.1', 'localhost'));
    await page.reload();
    await page.locator('input[name="login"]').fill(owner.login);
    await page.locator('input[name="password"]').fill('short');
    await press('Become the owner');
    await page.getByRole('alert').waitFor();
    assert.equal(await page.locator('input[name="login"]').inputValue(), owner.login);
    await checkAccess(visit, 'set-up');
    await takeShot(page, 'first-run');
    await page.locator('input[name="password"]').fill(owner.password);
    await press('Become the owner');
    await page.getByText('This installation lets nobody in without a second factor').waitFor();
    assert.ok(!page.url().includes('#'), 'the link does not stay in the address');
  });

  test('a code generator is set up by a QR code; recovery codes are shown once', async () => {
    await press('Set up a code generator');
    await dialog().getByLabel('Current password').fill(owner.password);
    await dialog().getByRole('button', { name: 'Go on' }).click();
    await dialog().getByRole('img', { name: 'QR code for the code generator' }).waitFor();
    secret = (await dialog().locator('code').textContent())?.replace(/\s/g, '') ?? '';
    assert.match(secret, /^[A-Z2-7]{32}$/);
    await checkAccess(visit, 'the QR code');
    await takeShot(page, 'totp');
    await dialog().getByLabel('First code').fill('000000');
    await dialog().getByRole('button', { name: 'Confirm' }).click();
    await dialog().getByText('The code is wrong').waitFor();
    await dialog().getByLabel('First code').fill(makeCode(secret));
    await dialog().getByRole('button', { name: 'Confirm' }).click();
    await dialog().getByText('Each of these signs you in once').waitFor();
    recovery = ((await dialog().locator('.codes').textContent()) ?? '').split('\n');
    assert.ok(recovery.length >= 8 && recovery.every((code) => code.length > 6), recovery.join());
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog().getByRole('link', { name: 'Download' }).click(),
    ]);
    assert.equal(await readFile(await download.path(), 'utf8'), `${recovery.join('\n')}\n`);
    await checkAccess(visit, 'recovery codes');
    assert.ok(await dialog().getByRole('button', { name: 'Close' }).isDisabled(), 'first they have to be kept');
    await dialog().getByRole('switch').click();
    await dialog().getByRole('button', { name: 'Close' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  test('signing in takes the password and a code, or a recovery code that works once', async () => {
    await leave();
    await showPassword();
    await showCode('111111');
    await page.getByRole('alert').waitFor();
    await showCode(makeCode(secret, 1));
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await leave();
    await showPassword();
    await showCode(recovery[0] ?? '');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await leave();
    await showPassword();
    await showCode(recovery[0] ?? '');
    await page.getByRole('alert').waitFor();
    await showCode(recovery[1] ?? '');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  test('a passkey is added by a command and then signs in without anything typed', async () => {
    const session = await visit.context.newCDPSession(page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.keyboard.press('Control+k');
    await dialog().getByRole('combobox').waitFor();
    await page.keyboard.type('add a passkey');
    await page.keyboard.press('Enter');
    await dialog().getByLabel('Name', { exact: true }).fill('laptop <b>1</b>');
    await dialog().getByLabel('Current password').fill(owner.password);
    await dialog().getByRole('button', { name: 'Go on' }).click();
    await page.getByText('laptop <b>1</b>').first().waitFor();
    await waitLoaded(page);
    await takeShot(page, 'factors');
    await leave();
    await press('Sign in with a passkey');
    await page.getByRole('heading', { name: 'Your sign-in' }).waitFor();
    await waitLoaded(page);
    // Last: the browser forgets its virtual authenticator when another session of its protocol ends.
    await checkAccess(visit, 'own sign-in with factors');
  });

  test('the last factor cannot be removed where one is required; the refusal says so', async () => {
    await press('Remove the generator');
    await dialog().getByLabel('Current password').fill(owner.password);
    await dialog().getByRole('button', { name: 'Remove the generator' }).click();
    await dialog().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^Remove: / }).click();
    await dialog().getByLabel('Current password').fill(owner.password);
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await dialog().getByText('This is your last second factor').waitFor();
    assert.deepEqual(visit.problems, []);
  });

  test('the link opens nothing any more', async () => {
    const other = await openVisit(browser);
    await other.page.goto(gateway.setupLink);
    await other.page.locator('input[name="password"]').waitFor();
    assert.equal(await other.page.getByText('Become the owner').count(), 0);
    await other.context.close();
  });
});
