// Needs Node 18 and nothing else. For programs that use npm, the package @vyplata/sdk does the same and more.
import { createPrivateKey, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Nothing was created, for certain. `errors` says why, per field. */
export class PayoutRefused extends Error {
  constructor(errors) {
    super(JSON.stringify(errors));
    this.errors = errors;
  }
}

/** It is not known whether the payout exists: ask the status later, and never pay in another way meanwhile. */
export class PayoutUnknown extends Error {}

export class Vyplata {
  #url;
  #account;
  #key;

  constructor({ url, account, certDir }) {
    const passphrase = readFileSync(`${certDir}/password.txt`, 'utf8').trimEnd();
    this.#key = createPrivateKey({ key: readFileSync(`${certDir}/private.pem`), passphrase });
    this.#url = url;
    this.#account = account;
  }

  // [create]
  /** Orders a payout. The same bytes go out on every try, so it pays at most once. */
  async createPayout(order) {
    const body = JSON.stringify(order);
    let answer;
    let everyTrySaidNo = true;
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      answer = await this.#send('/v1/payout', body);
      if (answer?.status === 200 && !answer.json?.errors) return answer.json.id;
      const errors = answer?.json?.errors;
      // Another order has this order_id.
      if (answer?.created === 'yes' && errors?.order_id) throw new PayoutRefused(errors);
      // A service without the header: its 400 to a first try is a refusal, unless the order_id is taken.
      const isPlainRefusal = attempt === 1 && answer?.status === 400 && errors && !errors.order_id;
      everyTrySaidNo &&= answer?.created === 'no' || (answer?.created === null && Boolean(isPlainRefusal));
      const mayPass = answer === undefined || answer.status === 429 || answer.status >= 500;
      if (!mayPass || attempt === 4) break;
      await sleep((250 + Math.random() * 250) * 2 ** (attempt - 1));
    }
    if (everyTrySaidNo) throw new PayoutRefused(answer.json?.errors ?? {});
    const found = await this.status({ order_id: order.order_id });
    if (found !== undefined) return found.id;
    throw new PayoutUnknown(`Ask the status of order ${order.order_id} later.`);
  }
  // [/create]

  /** The documented answer, or undefined when there is none. */
  async status(ref) {
    const answer = await this.#send('/v1/payout/status', JSON.stringify(ref));
    return answer?.status === 200 && !answer.json?.errors ? answer.json : undefined;
  }

  async waitUntilFinal(ref, seconds = 600) {
    for (let second = 0; second < seconds; second += 1) {
      const status = await this.status(ref);
      if (['paid', 'fail', 'cancel'].includes(status?.payment_status)) return status;
      await sleep(1000);
    }
    throw new PayoutUnknown('Not final yet. It goes on by itself.');
  }

  // [send]
  /** One signed request; undefined when no answer came. */
  async #send(path, body) {
    const signature = sign('sha1', Buffer.from(body), this.#key).toString('base64');
    try {
      const response = await fetch(this.#url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Account: this.#account, Sign: signature },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      return { status: response.status, created: response.headers.get('payout-created'), json: parseJson(text) };
    } catch {
      return undefined;
    }
  }
  // [/send]
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// [verify]
const FIELDS = [
  'type',
  'id',
  'order_id',
  'payment_status',
  'amount',
  'payment_amount',
  'commission_amount',
  'is_partial_payment',
  'account',
  'service',
  'desc',
];

/** Whether a notification is real. `values` is the parsed body of a POST, or the parsed query of a GET. */
export function isGenuineNotification(values, method, publicPem) {
  const isComplete = FIELDS.every((field) => ['string', 'number', 'boolean'].includes(typeof values[field]));
  if (!isComplete || typeof values.sign !== 'string') return false;
  const signed = Object.fromEntries(FIELDS.map((field) => [field, values[field]]));
  if (method === 'GET') signed.id = Number(signed.id);
  // What json_encode of PHP makes of it: a slash is \/, and what is not ASCII is \uXXXX.
  const text = JSON.stringify(signed)
    .replaceAll('/', '\\/')
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return verify('sha1', Buffer.from(text), publicPem, Buffer.from(values.sign, 'base64'));
}
// [/verify]
