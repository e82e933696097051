import { signBody } from '@vyplata/sdk/signature';
import type { Shop, Site } from './site.ts';

export type Answer = {
  readonly orderId: string;
  readonly created: string;
  readonly status: number;
  readonly id: number | undefined;
  readonly tookMs: number;
};

export type Load = {
  /** The clients' own log: what they were told, in order. */
  readonly answers: readonly Answer[];
  stop(): Promise<void>;
};

const clients = 12;
const pauseMs = 20;

let runs = 0;

/** Orders from a few clients until it is stopped; what cannot be answered is a cut connection and is logged as such. */
export function startLoad(site: Site, shop: Shop): Load {
  const answers: Answer[] = [];
  let isStopped = false;
  runs += 1;
  const run = runs;
  const runClient = async (client: number): Promise<void> => {
    for (let at = 0; !isStopped; at += 1) {
      answers.push(await order(site, shop, `o-${run}-${client}-${at}`));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  const running = Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)));
  return {
    answers,
    async stop() {
      isStopped = true;
      await running;
    },
  };
}

export async function order(site: Site, shop: Shop, orderId: string): Promise<Answer> {
  const startedAt = performance.now();
  const rest = '"number":"79005554455","service":"qiwi_rub","notification_endpoint_id":5';
  const body = `{"amount":"1.00","order_id":"${orderId}",${rest}}`;
  const answer = await post(site, shop, { path: '/v1/payout', body }).catch(() => undefined);
  return {
    orderId,
    created: answer?.headers.get('payout-created') ?? 'cut',
    status: answer?.status ?? 0,
    id: answer?.json.id,
    tookMs: performance.now() - startedAt,
  };
}

type Posted = { readonly status: number; readonly headers: Headers; readonly json: { readonly id?: number } };

export async function post(site: Site, shop: Shop, request: { path: string; body: string }): Promise<Posted> {
  const response = await fetch(`http://127.0.0.1:${site.port}${request.path}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Account: shop.account,
      Sign: signBody({ body: request.body, key: shop.key }),
    },
    body: request.body,
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, headers: response.headers, json: (await response.json()) as { id?: number } };
}
