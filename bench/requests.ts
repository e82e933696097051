import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Requests signed before the clock starts; signing one costs more than everything else a client does. */
export type SignedRequests = {
  /** The path they are for. */
  readonly target: string;
  /** A file with a line per request: its body, a tab, its signature. */
  readonly path: string;
  readonly count: number;
};

export type Signer = {
  readonly publicPem: string;
  /**
   * A signature covers the body alone, so the same requests serve any number of accounts that have this key. Under a
   * `name` they are kept for the next run.
   */
  signAll(given: SignGiven): Promise<SignedRequests>;
};

type SignGiven = { readonly target: string; readonly bodies: readonly string[]; readonly name?: string };

const cache = join(import.meta.dirname, '.cache');

export async function openSigner(): Promise<Signer> {
  await mkdir(cache, { recursive: true });
  const keyPath = join(cache, 'private.pem');
  const privatePem = (await readIfThere(keyPath)) ?? makeKey();
  await writeFile(keyPath, privatePem, { mode: 0o600 });
  const publicPem = createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();
  return {
    publicPem,
    async signAll({ target, bodies, name }) {
      const path = join(cache, `${name ?? 'unnamed'}.tsv`);
      const kept = name === undefined ? undefined : await readIfThere(path);
      // The same bodies, signed by the same key: the first line tells.
      if (kept === undefined || !isKept(kept, { bodies, first: await signInWorker(privatePem, bodies.slice(0, 1)) })) {
        const middle = Math.ceil(bodies.length / 2);
        const halves = [bodies.slice(0, middle), bodies.slice(middle)];
        const texts = await Promise.all(halves.map((half) => signInWorker(privatePem, half)));
        await writeFile(path, texts.join(''));
      }
      return { target, path, count: bodies.length };
    },
  };
}

function isKept(text: string, given: { readonly bodies: readonly string[]; readonly first: string }): boolean {
  const last = text.slice(text.lastIndexOf('\n', text.length - 2) + 1).split('\t')[0];
  return text.startsWith(given.first) && last === given.bodies.at(-1);
}

function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function signInWorker(privatePem: string, bodies: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./sign-worker.ts', import.meta.url), { workerData: { privatePem, bodies } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** The name of an order; the receiver finds it again in the notification. */
export function nameOrder(at: number): string {
  return `order-${at}`;
}

/** Orders that are all alike, as many as the longest question needs. */
export function signOrders(signer: Signer, count: number): Promise<SignedRequests> {
  const bodies = Array.from(
    { length: count },
    (_, at) =>
      `{"amount":"10.00","number":"79005554455","order_id":"${nameOrder(at)}","service":"qiwi_rub",` +
      `"notification_endpoint_id":5}`,
  );
  return signer.signAll({ target: '/v1/payout', bodies, name: `orders-${count}` });
}
