// A process that sends one scripted order and can be killed. Arguments: the Book's path, the script, and the gateway's
// callback address if there is one. Prints the kind of the answer, or nothing if there is none.
import { createSandboxConnector } from '../../src/connectors/sandbox.ts';
import { makeScripted } from './sandbox-order.ts';

const [bookPath = '', script = '', url] = process.argv.slice(2);
const connector = createSandboxConnector({
  bookPath,
  latencyMs: 0,
  // Soon where an inquiry is to see the end, late where a callback must not keep the process alive.
  ...(url === undefined ? { timeScale: 0.25 } : { timeScale: 100, callback: { url, secret: 'shared' } }),
});
const order = makeScripted(script, { reference: 'sent-1', payoutId: 1n });
setTimeout(() => process.stdout.write('sent\n'), 50);
const outcome = await connector.send(order, AbortSignal.timeout(60_000));
process.stdout.write(`${outcome.kind}\n`);
