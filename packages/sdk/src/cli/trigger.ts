// Owns `vyplata trigger` and `vyplata advance`: a payout whose end is chosen, and time that passes, in the sandbox.
// Promises never to order anything but the sandbox's own recipients.
// Refuses to know what the scripts do: the sandbox plays them.
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { PayoutOrder } from '../order.ts';
import { SANDBOX_SCRIPTS, type SandboxScriptName, sandboxPhone } from '../sandbox-scripts.ts';
import { addConnectOptions, type ConnectOptions, connectClient } from './connect.ts';
import { printStatus, type RefOptions, toRef, toTimeoutMs } from './payout.ts';
import { type Cli, printResult, UsageError, writeOut } from './print.ts';

type TriggerOptions = ConnectOptions & {
  list?: boolean;
  amount: string;
  service: string;
  orderId?: string;
  after?: string;
  notificationUrl?: string;
  wait?: boolean;
  timeout: string;
};

export function addTriggerCommand(program: Command, cli: Cli): void {
  const trigger = program
    .command('trigger')
    .description('order a payout that ends as you choose, in the sandbox')
    .argument('[outcome]', 'such as paid, partial or fail_card_expired; --list shows all')
    .option('--list', 'print the outcomes')
    .option('--amount <text>', 'amount', '100.00')
    .option('--service <code>', 'a service that pays to a phone', 'qiwi_rub')
    .option('--order-id <text>', 'your own id; made up when left out')
    .option('--after <seconds>', 'seconds until the end is final, instead of the usual')
    .option('--notification-url <url>', 'address told when the payout is final')
    .option('--wait', 'wait until the payout is final')
    .option('--timeout <seconds>', 'longest wait for the final status', '600');
  addAdvance(program, cli);
  addConnectOptions(trigger).action((outcome: string | undefined, options: TriggerOptions) =>
    runTrigger(cli, { ...options, outcome }),
  );
}

function addAdvance(program: Command, cli: Cli): void {
  const advance = program
    .command('advance')
    .description('let time pass in the sandbox: for one payout, or for all that is under way on the account')
    .option('--order-id <text>', 'your own id')
    .option('--id <id>', 'id of the payout')
    .option('--seconds <number>', 'how much time; as much as is needed when left out');
  addConnectOptions(advance).action(async (options: ConnectOptions & RefOptions & { seconds?: string }) => {
    const { orderId, id, seconds } = options;
    const ref = orderId === undefined && id === undefined ? undefined : toRef(options);
    if (seconds !== undefined && !/^[1-9][0-9]{0,6}$/.test(seconds)) {
      throw new UsageError('--seconds is a whole number, such as 60.');
    }
    const client = await connectClient(cli, options);
    const time = seconds === undefined ? {} : { seconds: Number(seconds) };
    const result = await client.advanceSandbox(ref, { signal: cli.signal, ...time });
    printResult({ cli, isJson: options.json, result });
  });
}

async function runTrigger(cli: Cli, options: TriggerOptions & { outcome: string | undefined }): Promise<void> {
  const names = Object.keys(SANDBOX_SCRIPTS) as SandboxScriptName[];
  if (options.list) return writeOut(options.json ? JSON.stringify({ outcomes: names }) : names.join('\n'));
  const name = names.find((known) => known === options.outcome);
  if (name === undefined) throw new UsageError(`There is no outcome "${options.outcome ?? ''}". See: trigger --list`);
  const { amount, service, orderId = `trigger-${randomBytes(6).toString('hex')}`, notificationUrl } = options;
  const order: PayoutOrder = { orderId, amount, number: sandboxPhone(name), service };
  if (options.after !== undefined) order.extra = { sandbox_after: options.after };
  if (notificationUrl !== undefined) order.notificationEndpointUrl = notificationUrl;
  const timeoutMs = toTimeoutMs(options.timeout);
  const client = await connectClient(cli, options);
  if (options.wait) {
    const status = await client.createAndWait(order, { timeoutMs, signal: cli.signal });
    return printStatus({ cli, isJson: options.json, status });
  }
  printResult({ cli, isJson: options.json, result: await client.createPayout(order, { signal: cli.signal }) });
}
