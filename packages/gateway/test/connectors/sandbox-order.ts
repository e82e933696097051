import type { SendOrder } from '../../src/connectors/connector.ts';
import { type SandboxScript, sandboxScripts } from '../../src/connectors/sandbox-script.ts';

let payouts = 100_000_000n;

/** A new order, to a recipient that starts no script unless `fields` say otherwise. */
export function makeOrder(fields: Partial<SendOrder> = {}): SendOrder {
  payouts += 1n;
  return {
    reference: `${payouts}-1`,
    payoutId: payouts,
    amountMinor: 100_044n,
    currency: 'RUB',
    digits: 2,
    serviceCode: 'payment_card_rub',
    recipientKind: 'card',
    number: '4276111111113333',
    customer: {},
    extra: {},
    ...fields,
  };
}

export function findNamed(name: string): SandboxScript {
  const script = sandboxScripts.find((candidate) => candidate.name === name);
  if (script === undefined) throw new Error(`the sandbox has no script "${name}"`);
  return script;
}

/** A new order to the script's card. */
export function makeScripted(name: string, fields: Partial<SendOrder> = {}): SendOrder {
  return makeOrder({ number: findNamed(name).card, ...fields });
}
