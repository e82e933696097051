import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SignedOrder, signAhead, signedOrder } from './orders.ts';
import type { Shop, Watched } from './site.ts';

/** What a client was told about one order. `cut`: it may have been sent, and no answer came. */
export type Answer = {
  readonly at: number;
  readonly created: 'yes' | 'no' | 'unknown' | 'cut';
  readonly status: number;
  readonly id: number | null;
  /** An earlier request of the same order had created it. */
  readonly isReplay: boolean;
  readonly tookMs: number;
  /** A client that gets no clear answer sends the very same order again, this being the n-th time. */
  readonly tryNo: number;
};

export type Load = {
  readonly shop: Shop;
  /** Settles when every order was sent, or the load was stopped. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
  /** The clients' own log, as they wrote it before they did anything else. */
  readAnswers(): readonly Answer[];
};

export type Pace = {
  readonly clients?: number;
  readonly pauseMs?: number;
  /** Where the clients connect to; a proxy may stand there. */
  readonly port?: number;
  readonly patienceMs?: number;
  /** How many orders, when they are not sent until the load is stopped. */
  readonly ordersMax?: number;
};

const signedAhead = 1_000;
const tellsMax = 3;

/** Clients that order one payout after the other until they are stopped, and write down what they are told. */
export function startLoad(site: Watched, shop: Shop, pace: Pace = {}): Load {
  const { clients = 10, pauseMs = 25, ordersMax = Number.POSITIVE_INFINITY } = pace;
  const path = join(site.folder, `answers-${shop.merchantId}-${shop.nextOrder}.ndjson`);
  appendFileSync(path, '');
  signAhead(shop.nextOrder + (Number.isFinite(ordersMax) ? ordersMax : signedAhead));
  const endAt = shop.nextOrder + ordersMax;
  let isStopped = false;
  const runClient = async (): Promise<void> => {
    while (!isStopped && shop.nextOrder < endAt) {
      const at = shop.nextOrder;
      shop.nextOrder += 1;
      // Every second client insists on an answer, the others leave open what was left open.
      await placeOrder(site, shop, {
        at,
        pace,
        path,
        triesMax: at % 2 === 0 ? tellsMax : 1,
        isStopped: () => isStopped,
      });
      await sleep(pauseMs);
    }
  };
  const running = Promise.all(Array.from({ length: clients }, runClient));
  return {
    shop,
    ended: running,
    async stop() {
      isStopped = true;
      await running;
    },
    readAnswers: () =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Answer),
  };
}

/** Waits until a load with a given number of orders has sent them all. */
export async function sendAll(site: Watched, shop: Shop, pace: Pace & { readonly ordersMax: number }): Promise<Load> {
  const load = startLoad(site, shop, pace);
  await load.ended;
  return load;
}

type Placing = {
  readonly at: number;
  readonly pace: Pace;
  readonly path: string;
  readonly triesMax: number;
  readonly isStopped: () => boolean;
};

async function placeOrder(site: Watched, shop: Shop, { at, pace, path, triesMax, isStopped }: Placing): Promise<void> {
  for (let tryNo = 1; tryNo <= triesMax; ) {
    const answer = await order(site, shop, { at, pace, tryNo });
    if (answer === 'never sent') {
      if (isStopped()) return;
      await sleep(50);
      continue;
    }
    appendFileSync(path, `${JSON.stringify(answer)}\n`);
    if (answer.created === 'yes') return;
    tryNo += 1;
  }
}

/** One order, once. `never sent`: nobody took the connection. */
export async function order(
  site: Watched,
  shop: Shop,
  { at, pace = {}, tryNo = 1 }: { readonly at: number; readonly pace?: Pace; readonly tryNo?: number },
): Promise<Answer | 'never sent'> {
  const startedAt = performance.now();
  const { body, sign } = signedOrder(at);
  try {
    const answer = await post(site, shop, { path: '/v1/payout', body, sign, ...pace });
    const created = (answer.headers.get('payout-created') ?? 'cut') as Answer['created'];
    const { status } = answer;
    const isReplay = answer.headers.get('idempotent-replayed') === 'true';
    const id = answer.json.id ?? null;
    return { at, created, status, id, isReplay, tookMs: performance.now() - startedAt, tryNo };
  } catch (error) {
    if (isRefused(error)) return 'never sent';
    return { at, created: 'cut', status: 0, id: null, isReplay: false, tookMs: performance.now() - startedAt, tryNo };
  }
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

export type Posted = {
  readonly status: number;
  readonly headers: Headers;
  readonly json: { readonly id?: number; readonly payment_status?: string };
};

type Message = Pick<SignedOrder, 'body' | 'sign'> & Pick<Pace, 'port' | 'patienceMs'> & { readonly path: string };

/** Throws when there is no whole answer. */
export async function post(site: Watched, shop: Shop, message: Message): Promise<Posted> {
  const { path, body, sign, port = site.port, patienceMs = 30_000 } = message;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Account: shop.account, Sign: sign },
    body,
    signal: AbortSignal.timeout(patienceMs),
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as Posted['json'] };
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
