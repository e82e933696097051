import closeWithGrace from 'close-with-grace';
import { runAudit } from './commands/audit.ts';
import { addOwner } from './commands/add-owner.ts';
import { runBackup, runRestore } from './commands/backup.ts';
import { type Stops, stopAll } from './commands/connect.ts';
import { runDoctor } from './commands/doctor.ts';
import { runMigrations } from './commands/migrate.ts';
import { runQuarantine } from './commands/quarantine.ts';
import { rotateKeys } from './commands/rotate-keys.ts';
import { needDatabaseUrl, runGateway } from './commands/run.ts';
import { runDemo } from './commands/run-demo.ts';
import { type Config, readConfig } from './config.ts';

const stopWithinMs = 30_000;

const usage = `Usage: node packages/gateway/src/main.ts <command>

  dev       the demo: embedded PostgreSQL, demo merchant, one payout from order to notification (npm start)
  run       everything in one process, with the embedded PostgreSQL or DATABASE_URL
  serve     answers requests only; needs DATABASE_URL
  work      sends payouts and delivers notifications only; needs DATABASE_URL
  migrate   brings the database to this version's schema
  migrate --plan   prints what that would do and which locks it would take, and changes nothing
  doctor [--lang ru] [--json]   looks for everything that is unsafe or unwise in this set-up, with its cure
  audit [--json]   checks every claim about the ledger against the whole database
  backup <folder>    copies the embedded database while it works, with its master key
  restore <folder>   makes DATA_DIR out of such a copy; what starts on it sends nothing until people allow it
  quarantine [ids]   after a restore of your own: the same, and the next ids are that many further on
  rotate-keys   wraps everything sealed under MASTER_KEY that MASTER_KEYS_RETIRED sealed before
  owner <login>   adds a person who may do everything, and prints their first password

Settings are environment variables: see the table in README.md.`;

/** Commands that end by themselves; what they started is stopped then. The others run until a signal comes. */
const shortCommands: Readonly<Record<string, (config: Config, stops: Stops, ...words: string[]) => Promise<void>>> = {
  migrate: runMigrations,
  doctor: runDoctor,
  audit: runAudit,
  backup: runBackup,
  restore: runRestore,
  quarantine: runQuarantine,
  'rotate-keys': rotateKeys,
  owner: addOwner,
};

async function main(stops: Stops): Promise<void> {
  const [, , command = '', ...words] = process.argv;
  const config = readConfig();
  const short = shortCommands[command];
  if (short !== undefined) {
    await short(config, stops, ...words);
    return stopAll(stops);
  }
  switch (command) {
    case 'dev':
      return runDemo(config, stops);
    case 'run':
      return runGateway(config, stops, { serve: true, work: true });
    case 'serve':
      return runGateway(needDatabaseUrl(config, command), stops, { serve: true, work: false });
    case 'work':
      return runGateway(needDatabaseUrl(config, command), stops, { serve: false, work: true });
    default:
      process.stdout.write(`${usage}\n`);
      if (command !== '' && command !== 'help' && command !== '--help') process.exitCode = 2;
  }
}

const started: Stops = [];
// A command that ends by itself has its own exit code: at `beforeExit` this would make it 0.
closeWithGrace({ delay: stopWithinMs, logger: false, skip: ['beforeExit'] }, async ({ err }) => {
  if (err !== undefined) process.stderr.write(`${err.stack ?? err.message}\n`);
  await stopAll(started);
});
try {
  await main(started);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
  await stopAll(started);
}
