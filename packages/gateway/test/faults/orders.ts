import { generateKeyPairSync } from 'node:crypto';
import { signBody } from '@vyplata/sdk/signature';
import { type SandboxScript, sandboxScripts } from '../../src/connectors/sandbox-script.ts';

/** A merchant's order as it goes over the wire. The account is in a header, so every shop can send the same ones. */
export type SignedOrder = {
  readonly orderId: string;
  readonly body: string;
  readonly sign: string;
  /** How the payout has to end. */
  readonly end: 'paid' | 'fail' | 'cancel';
  /** The sandbox just pays it: nothing about it is slow or lost by design. */
  readonly isPlain: boolean;
};

/** The one key of all shops: what is signed once is signed for every run of this process. */
export const merchantKey = generateKeyPairSync('rsa', { modulusLength: 2048 });

const plainNumber = '79005554455';
/** Of every hundred orders these meet a provider that loses answers, pays in part, refuses, or calls back too often. */
const storyOf = new Map<number, SandboxScript>(
  Object.entries({
    3: 'lost_executed',
    12: 'fail_recipient_blocked',
    20: 'partial',
    31: 'cancelled',
    42: 'lost_not_executed',
    50: 'duplicate_callbacks',
    61: 'garbage_answer',
    70: 'paid_by_callback',
    81: 'contradicting_callback',
    90: 'fail_after_5s',
  }).map(([at, name]) => [Number(at), findStory(name)]),
);

const signed: SignedOrder[] = [];

/** The order of a number, signed when it is wanted for the first time. */
export function signedOrder(at: number): SignedOrder {
  while (signed.length <= at) signed.push(signOrder(signed.length));
  return signed[at] as SignedOrder;
}

/** Signs ahead, so that no signature is made while orders are sent. */
export function signAhead(count: number): void {
  signedOrder(count - 1);
}

export function signText(body: string): string {
  return signBody({ body, key: merchantKey.privateKey });
}

function signOrder(at: number): SignedOrder {
  const story = storyOf.get(at % 100);
  const orderId = `order-${at}`;
  const rest = `"service":"qiwi_rub","notification_endpoint_id":5`;
  const body = `{"amount":"1.00","order_id":"${orderId}","number":"${story?.phone ?? plainNumber}",${rest}}`;
  return { orderId, body, sign: signText(body), end: endOf(story), isPlain: story === undefined };
}

function endOf(story: SandboxScript | undefined): SignedOrder['end'] {
  const status = story?.status ?? 'paid';
  if (status === 'wait') throw new Error(`payouts of the story ${story?.name} never end by themselves`);
  return status;
}

function findStory(name: string): SandboxScript {
  const story = sandboxScripts.find((script) => script.name === name);
  if (story === undefined) throw new Error(`the sandbox knows no story named ${name}`);
  return story;
}
