import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { openSession } from '../../src/db/pool.ts';
import { type Load, sleep } from '../faults/load.ts';
import { breakSite, type Form, type Ground, randomMs, type Skipped } from '../faults/scenario.ts';
import type { Command } from '../faults/site.ts';
import type { Figures } from '../faults/verify.ts';
import { findFreePort } from '../gateway.ts';
import type { Version } from './versions.ts';

/** Added in a way that the code before it does not notice: a column, a table, an index beside the work. */
export const expanding: readonly (readonly [string, string])[] = [
  [
    'upgrade-note',
    'alter table payout add column upgrade_note text;\ncreate table upgrade_note (note text primary key);\n',
  ],
  [
    'upgrade-index',
    '--! outside transaction\ncreate index concurrently payout_upgrade_note on payout (upgrade_note);\n',
  ],
];

/** Takes away what only the version before used. */
export const contracting: readonly [string, string] = [
  'upgrade-contract',
  '--! breaking\nalter table payout drop column upgrade_note;\n',
];

export type Upgrade = {
  readonly from: Version;
  readonly to: Version;
  /** A version after `to`, which breaks the schema for both. */
  readonly last?: Version;
  readonly form: Form;
};

const stepMaxMs = 60_000;
/** Nobody is killed in the middle here, so leases may be long; a receiver on a crowded machine answers late. */
const patientSettings = { NOTIFICATION_DEADLINE_MS: '15000', CALL_DEADLINE_MS: '2000' };
const pace = { clients: 4, pauseMs: 40 };

/** From one version to the next under load, process by process; what is lost or done twice is counted afterwards. */
export function runUpgrade(upgrade: Upgrade): Promise<Figures | Skipped> {
  const { from, to, last } = upgrade;
  return breakSite({ processes: [], schema: from.migrations, settings: patientSettings }, async (ground) => {
    const fleet = openFleet(ground);
    await fleet.start('serve', from);
    await fleet.start('work', from);
    await fleet.start('work', from);
    const load = ground.startLoad(pace);
    await untilMore(load);
    await refuse(ground, { version: to, says: /schema is older than this gateway.*Run "migrate" first/ });
    await migrateUnderLoad(ground, load, upgrade);
    // The version before goes on with the new schema.
    await untilMore(load);
    await replaceAll(ground, fleet, { load, version: to });
    if (last === undefined) return;
    const atWork = await ground.site.run(['migrate'], last.main);
    assert.equal(atWork.code, 1, atWork.said);
    assert.match(atWork.said, /is breaking, and \d+ processes of this gateway are at work\. Stop them/);
    await fleet.endAll();
    const broken = await ground.site.run(['migrate'], last.main);
    assert.equal(broken.code, 0, broken.said);
    const says = /newer migration \d+-upgrade-contract\.sql, which this version cannot run on/;
    await refuse(ground, { version: from, says });
    await refuse(ground, { version: to, says });
    await fleet.start('serve', last);
    await fleet.start('work', last);
    await untilMore(load);
  });
}

type Member = { readonly child: ChildProcess; readonly command: Command };
type Fleet = {
  start(command: Command, version: Version, port?: number): Promise<Member>;
  end(member: Member): Promise<void>;
  endAll(): Promise<void>;
  readonly members: readonly Member[];
};

function openFleet({ site }: Ground): Fleet {
  const members: Member[] = [];
  const end = async (member: Member): Promise<void> => {
    members.splice(members.indexOf(member), 1);
    assert.equal(await site.end(member.child, 'SIGTERM'), 0, `the exit code of a ${member.command} that is replaced`);
  };
  return {
    members,
    async start(command, version, port = site.port) {
      const member = { command, child: await site.start(command, port, version.main) };
      members.push(member);
      return member;
    },
    end,
    async endAll() {
      for (const member of members.slice()) await end(member);
    },
  };
}

/** Waits until the clients were told "created" that many times more. */
async function untilMore(load: Load, count = 20): Promise<void> {
  const acknowledged = (): number => load.readAnswers().filter(({ status }) => status === 200).length;
  const wanted = acknowledged() + count;
  const untilAt = performance.now() + stepMaxMs;
  while (acknowledged() < wanted) {
    assert.ok(performance.now() < untilAt, `orders are accepted: ${wanted - acknowledged()} are still missing`);
    await sleep(50);
  }
}

async function refuse({ site }: Ground, { version, says }: { version: Version; says: RegExp }): Promise<void> {
  const { code, said } = await site.run(['work'], version.main);
  assert.equal(code, 1, `${version.name} starts: ${said}`);
  assert.match(said, says);
}

/** Some are killed, two run at once, and somebody holds a table that they need. */
async function migrateUnderLoad(ground: Ground, load: Load, { to, last, form }: Upgrade): Promise<void> {
  const { site } = ground;
  for (let round = 0; round < form.rounds; round += 1) {
    await site.run(['migrate'], to.main, randomMs(150, 700));
  }
  const holder = last === undefined ? undefined : await holdTable(ground);
  const migrating = Promise.all([site.run(['migrate'], to.main), site.run(['migrate'], to.main)]);
  if (holder !== undefined) {
    try {
      await holder.untilWantedOrDone(migrating);
      // Were one of them waiting for the table, so would every order.
      await untilMore(load, 40);
    } finally {
      await holder.end();
    }
  }
  for (const { code, said } of await migrating) assert.equal(code, 0, said);
}

type Holder = { untilWantedOrDone(work: Promise<unknown>): Promise<void>; end(): Promise<void> };

/** A transaction that has read payouts and stays open, as people's do. */
async function holdTable({ site }: Ground): Promise<Holder> {
  const session = await openSession({ host: site.socketFolder, port: 5432, user: 'vyplata', database: 'vyplata' });
  await session.query('begin');
  await session.query('select count(*) from payout');
  return {
    async untilWantedOrDone(work) {
      let isDone = false;
      void work.finally(() => {
        isDone = true;
      });
      for (;;) {
        const wanted = `select 1 from pg_locks where not granted and relation = 'payout'::regclass`;
        if (isDone || (await site.db().query(wanted)).length > 0) return;
        await sleep(20);
      }
    },
    end: () => session.end(),
  };
}

/** The new ones are there before the old ones go; for a while both answer and both work. */
async function replaceAll(
  ground: Ground,
  fleet: Fleet,
  { load, version }: { readonly load: Load; readonly version: Version },
): Promise<void> {
  const old = [...fleet.members];
  const port = await findFreePort();
  const beside = await fleet.start('serve', version, port);
  await fleet.start('work', version);
  const second = ground.startLoad({ ...pace, port });
  await untilMore(load);
  await untilMore(second);
  for (const member of old) {
    await fleet.end(member);
    await fleet.start(member.command, version);
    await untilMore(load, 10);
  }
  await second.stop();
  await fleet.end(beside);
}
