// Owns the command line: the tree of commands, and what each ending means as an exit code.
// Promises that an unknown outcome is never reported as a refusal, and that secrets are not printed.
// Refuses to know how a call is made: each command file asks the client.
import { Command, CommanderError } from 'commander';
import { VyplataError } from '../error.ts';
import { addAccountCommands } from './account.ts';
import { addBatchCommand } from './batch.ts';
import { addCompletionsCommand } from './completions.ts';
import { addDoctorCommand } from './doctor.ts';
import { addKeyCommands } from './keys.ts';
import { addListenCommand } from './listen.ts';
import { addOperatorCommand } from './operator.ts';
import { addPayoutCommands } from './payout.ts';
import { type Cli, describeFailure, EXIT, EXIT_HELP, exitCodeOf, printFailure, UsageError } from './print.ts';
import { addSignCommand } from './sign.ts';
import { readLanguage } from './texts.ts';
import { addTriggerCommand } from './trigger.ts';
import { addVerifyCommand } from './verify.ts';

export async function runCli(options: { argv: string[]; env: NodeJS.ProcessEnv }): Promise<number> {
  const { argv, env } = options;
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  const cli: Cli = { env, language: readLanguage(env), signal: interrupt.signal, exitCode: EXIT.ok };
  try {
    await makeProgram(cli).parseAsync(argv, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = describeFailure(error, cli.language);
    printFailure({ failure, isJson: argv.includes('--json') });
    if (error instanceof UsageError) return EXIT.usage;
    // A bug may have struck after the order was sent: only "unknown" is honest.
    return error instanceof VyplataError ? exitCodeOf(error) : EXIT.unknown;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

function makeProgram(cli: Cli): Command {
  const program = new Command('vyplata')
    .description('Order payouts, ask their status, and check signatures from the command line.')
    .addHelpText('after', EXIT_HELP)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  addPayoutCommands(program, cli);
  addAccountCommands(program, cli);
  addKeyCommands(program, cli);
  addSignCommand(program, cli);
  addVerifyCommand(program, cli);
  addListenCommand(program, cli);
  addTriggerCommand(program, cli);
  addBatchCommand(program, cli);
  addDoctorCommand(program, cli);
  addOperatorCommand(program, cli);
  addCompletionsCommand(program);
  return program;
}
