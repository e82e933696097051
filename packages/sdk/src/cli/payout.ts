// Owns `vyplata payout create | status | wait`.
// Promises that what is typed is what is ordered: amounts stay text.
// Refuses to know how a payout is made safe: the client does.
import type { Command } from 'commander';
import type { PayoutStatus } from '../answer.ts';
import type { PayoutOrder, PayoutRef } from '../order.ts';
import { addConnectOptions, type ConnectOptions, connectClient } from './connect.ts';
import { type Cli, EXIT, printResult, UsageError } from './print.ts';

type OrderOptions = {
  amount: string;
  number: string;
  orderId: string;
  service: string;
  notificationId?: string;
  notificationUrl?: string;
  extra?: string[];
  customerPhone?: string;
  customerEmail?: string;
  customerCode?: string;
  customerFirstName?: string;
  customerLastName?: string;
  customerCountry?: string;
  projectUrl?: string;
};
type WaitChoice = { wait?: boolean; timeout: string };
export type RefOptions = { orderId?: string; id?: string };

export function addPayoutCommands(program: Command, cli: Cli): void {
  const payout = program.command('payout').description('order a payout, ask about it, wait for its end');
  addCreate(payout, cli);
  const status = payout.command('status').description('ask the status once');
  addConnectOptions(addRefOptions(status)).action(async (options: RefOptions & ConnectOptions) => {
    const client = await connectClient(cli, options);
    const found = await client.payoutStatus(toRef(options), { signal: cli.signal });
    printStatus({ cli, isJson: options.json, status: found });
  });
  const wait = addTimeout(payout.command('wait').description('ask until the payout is final'));
  addConnectOptions(addRefOptions(wait)).action(async (options: RefOptions & WaitChoice & ConnectOptions) => {
    const ref = toRef(options);
    const timeoutMs = toTimeoutMs(options.timeout);
    const client = await connectClient(cli, options);
    const final = await client.waitUntilFinal(ref, { timeoutMs, signal: cli.signal });
    printStatus({ cli, isJson: options.json, status: final });
  });
}

function addCreate(payout: Command, cli: Cli): void {
  const create = payout
    .command('create')
    .description('order a payout; the same order may be sent again and pays once')
    .requiredOption('--amount <text>', 'amount such as 1000.44')
    .requiredOption('--number <text>', 'card, phone, wallet or account number')
    .requiredOption('--order-id <text>', 'your own id, unique for ever')
    .requiredOption('--service <code>', 'service code such as payment_card_rub')
    .option('--notification-id <id>', 'endpoint configured in the console')
    .option('--notification-url <url>', 'address told when the payout is final')
    .option('--extra <name=value...>', 'member of "extra", such as card_holder=NAME (repeatable)')
    .option('--customer-phone <text>')
    .option('--customer-email <text>')
    .option('--customer-code <text>', 'bank code: SBP member id, BIC')
    .option('--customer-first-name <text>')
    .option('--customer-last-name <text>')
    .option('--customer-country <code>', 'three letters, DEU')
    .option('--project-url <url>')
    .option('--wait', 'wait until the payout is final');
  addConnectOptions(addTimeout(create)).action(async (options: OrderOptions & WaitChoice & ConnectOptions) => {
    const order = toOrder(options);
    const timeoutMs = toTimeoutMs(options.timeout);
    const client = await connectClient(cli, options);
    if (options.wait) {
      const status = await client.createAndWait(order, { timeoutMs, signal: cli.signal });
      return printStatus({ cli, isJson: options.json, status });
    }
    const result = await client.createPayout(order, { signal: cli.signal });
    printResult({ cli, isJson: options.json, result });
  });
}

function addRefOptions(command: Command): Command {
  return command.option('--order-id <text>', 'your own id').option('--id <id>', 'id of the payout');
}

function addTimeout(command: Command): Command {
  return command.option('--timeout <seconds>', 'longest wait for the final status', '600');
}

export function printStatus(options: { cli: Cli; isJson: boolean | undefined; status: PayoutStatus }): void {
  const { cli, isJson, status } = options;
  printResult({ cli, isJson, result: status });
  if (status.status === 'fail' || status.status === 'cancel') cli.exitCode = EXIT.notPaid;
}

export function toRef(options: RefOptions): PayoutRef {
  const { orderId, id } = options;
  if (orderId !== undefined && id === undefined) return { orderId };
  if (id !== undefined && orderId === undefined && /^[1-9][0-9]*$/.test(id)) return { id };
  throw new UsageError('Name the payout by --order-id or by --id (a positive integer), not both.');
}

export function toTimeoutMs(seconds: string): number {
  const timeoutMs = Number(seconds) * 1000;
  if (Number.isSafeInteger(timeoutMs) && timeoutMs > 0 && timeoutMs < 2 ** 31) return timeoutMs;
  throw new UsageError('--timeout is a number of seconds, such as 600.');
}

function toOrder(options: OrderOptions): PayoutOrder {
  if (options.amount === '') throw new UsageError('--amount is empty; give an amount such as 1000.44.');
  const order: PayoutOrder = pick(options, [
    'amount',
    'number',
    'orderId',
    'service',
    'customerPhone',
    'customerEmail',
    'customerCode',
    'customerFirstName',
    'customerLastName',
    'customerCountry',
    'projectUrl',
  ]);
  if (options.notificationUrl !== undefined) order.notificationEndpointUrl = options.notificationUrl;
  if (options.notificationId !== undefined) order.notificationEndpointId = toEndpointId(options.notificationId);
  if (options.extra !== undefined) order.extra = Object.fromEntries(options.extra.map(toPair));
  return order;
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  const present = names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]] as const);
  return Object.fromEntries(present) as Pick<T, K>;
}

function toEndpointId(text: string): number {
  const id = Number(text);
  if (/^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(id)) return id;
  throw new UsageError('--notification-id is the number of an endpoint, such as 5.');
}

function toPair(text: string): [string, string] {
  const mark = text.indexOf('=');
  if (mark < 1) throw new UsageError(`--extra takes name=value, not "${text}".`);
  return [text.slice(0, mark), text.slice(mark + 1)];
}
