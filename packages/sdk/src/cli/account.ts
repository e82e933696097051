// Owns `vyplata balance` and `vyplata info`.
// Promises amounts as the gateway wrote them, digit for digit.
// Refuses to know more than one account at a time.
import type { Command } from 'commander';
import type { AccountService } from '../answer.ts';
import { addConnectOptions, type ConnectOptions, connectClient } from './connect.ts';
import { type Cli, printResult, writeOut } from './print.ts';

export function addAccountCommands(program: Command, cli: Cli): void {
  const balance = program.command('balance').description('what the account can spend and what is held');
  addConnectOptions(balance).action(async (options: ConnectOptions) => {
    const client = await connectClient(cli, options);
    const result = await client.accountBalance({ signal: cli.signal });
    printResult({ cli, isJson: options.json, result });
  });
  const info = program.command('info').description('what the account may do, service by service');
  addConnectOptions(info).action(async (options: ConnectOptions) => {
    const client = await connectClient(cli, options);
    const result = await client.accountInfo({ signal: cli.signal });
    printResult({ cli, isJson: options.json, result });
    if (!options.json) for (const row of result.payouts) writeOut(describeService(row));
  });
}

function describeService(row: AccountService): string {
  const limits = row.min === undefined && row.max === undefined ? '' : `  ${row.min ?? '…'} – ${row.max ?? '…'}`;
  return `${row.isActive ? '+' : '-'} ${row.service ?? '?'} ${row.currency ?? ''}${limits}`;
}
