import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { signBody } from '@vyplata/sdk/signature';

/** Orders signed before the clock starts; signing one costs more than everything else a client does. */
export type SignedOrders = { readonly publicPem: string; readonly path: string; readonly count: number };

const cache = join(import.meta.dirname, '.cache');

/**
 * One line per order: its body, a tab, its signature. The signature covers the body alone, so the same orders serve any
 * number of merchants that have this key; they are kept for the next run.
 */
export async function signOrders(count: number): Promise<SignedOrders> {
  await mkdir(cache, { recursive: true });
  const path = join(cache, `orders-${count}.tsv`);
  const keyPath = join(cache, 'private.pem');
  const known = await readFile(keyPath, 'utf8').catch(() => undefined);
  const privatePem = known ?? makeKey();
  if (known === undefined) await writeFile(keyPath, privatePem, { mode: 0o600 });
  const publicPem = await readFile(join(cache, 'public.pem'), 'utf8').catch(() => makePublic(privatePem));
  await writeFile(join(cache, 'public.pem'), publicPem);
  const isThere =
    known !== undefined &&
    (await readFile(path).then(
      () => true,
      () => false,
    ));
  if (!isThere) {
    const halves = [
      [0, Math.floor(count / 2)],
      [Math.floor(count / 2), count],
    ] as const;
    const texts = await Promise.all(halves.map(([from, to]) => signInWorker({ privatePem, from, to })));
    await writeFile(path, texts.join(''));
  }
  return { publicPem, path, count };
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function makePublic(privatePem: string): Promise<string> {
  const { createPublicKey } = await import('node:crypto');
  return createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();
}

const restOfOrder = '"service":"qiwi_rub","notification_endpoint_id":5';

type Share = { readonly privatePem: string; readonly from: number; readonly to: number };

function signInWorker(share: Share): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./sign-worker.ts', import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** What the worker does with its share. */
export function signShare({ privatePem, from, to }: Share): string {
  const key: KeyObject = createPrivateKey(privatePem);
  const lines: string[] = [];
  for (let at = from; at < to; at += 1) {
    const body = `{"amount":"10.00","number":"79005554455","order_id":"order-${at}",${restOfOrder}}`;
    lines.push(`${body}\t${signBody({ body, key })}\n`);
  }
  return lines.join('');
}
