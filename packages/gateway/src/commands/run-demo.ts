import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { startReceiver } from '../demo/receiver.ts';
import { type Demo, seedDemo } from '../demo/seed.ts';
import { showPayout } from '../demo/show.ts';
import { demoTexts } from '../demo/texts.ts';
import { createLog, type Stops } from './connect.ts';
import { assertPortIsFree, openApp } from './run.ts';

export async function runDemo(given: Config, stops: Stops): Promise<void> {
  if (given.DATABASE_URL !== undefined) {
    throw new Error('The demo makes a merchant with money, so it never runs on a DATABASE_URL. Unset it, or use: run');
  }
  const config: Config = {
    ...given,
    HOST: '127.0.0.1',
    ALLOW_LOOPBACK: true,
    ONE_PERSON: true,
    LOG_LEVEL: given.LOG_LEVEL === 'info' ? 'warn' : given.LOG_LEVEL,
  };
  const address = { host: config.HOST, port: config.PORT };
  await assertPortIsFree(address);
  const log = createLog(config, 'stderr');
  const app = await openApp(config, stops, { log, does: { serve: true, work: true }, port: config.PORT });
  await app.server.listen(address);
  const folder = resolve(config.DATA_DIR, 'demo');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let publicPem = '';
  const receiver = await startReceiver({
    preferredPort: config.PORT < 65_535 ? config.PORT + 1 : undefined,
    publicPem: () => publicPem,
    keepIn: join(folder, 'notifications.ndjson'),
  });
  stops.push(() => receiver.close());
  const { db, vault } = app;
  const baseUrl = `http://127.0.0.1:${config.PORT}`;
  const demo = await seedDemo({ db, vault, folder, baseUrl, receiverUrl: receiver.url });
  publicPem = demo.notificationPublicKey;
  await app.directory.refresh();
  await announceDemo(config, demo, { db, receiver });
}

async function announceDemo(
  config: Config,
  demo: Demo,
  parts: Pick<Parameters<typeof showPayout>[0], 'db' | 'receiver'>,
): Promise<void> {
  const language = config.LANG?.startsWith('ru') === true ? 'ru' : 'en';
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  await showPayout({ demo, ...parts, print, language });
  print(
    demoTexts[language].next({
      baseUrl: demo.baseUrl,
      consoleUrl: demo.consoleUrl,
      ...demo.operator,
      account: demo.accounts[0]?.id ?? '',
      certDir: demo.certDir,
      dataDir: config.DATA_DIR,
    }),
  );
}
