import type { Connection } from '../db/places.ts';
import { type Db, openPool } from '../db/pool.ts';
import type { MasterKeySource } from '../secrets/master-key.ts';
import { examineClock, examinePooler, examineSchema, examineServer, examineTimeZone } from './examine-database.ts';
import { examineKeys, examineMasterKey, examineSignatures } from './examine-keys.ts';
import { examineFiles, examineFolder, examineMetrics, examineProxies, examineThreads } from './examine-machine.ts';
import { type Finding, fine, refuse, wordFinding } from './finding.ts';

/** An installation as its settings describe it. */
export type Installation = {
  /** Absent: the embedded database was not made yet. */
  readonly connection: Connection | undefined;
  readonly isEmbedded: boolean;
  readonly hostCount: number;
  readonly namedStatements: boolean;
  readonly migrationsFolder: string;
  readonly masterKey: MasterKeySource;
  readonly retiredKeys: readonly Uint8Array[];
  readonly trustedProxies: readonly string[];
};

/** What is of interest to people, and no reason to refuse. */
export type Machine = {
  readonly dataDir: string;
  readonly publicUrl: string | undefined;
  readonly metricsHost: string | undefined;
  readonly threads: number | undefined;
};

const now = (): number => Date.now();

/** Everything that the doctor looks at. What cannot be looked at because the database is away is left out. */
export async function examineAll(installation: Installation, machine: Machine): Promise<Finding[]> {
  const { connection, trustedProxies, masterKey, retiredKeys } = installation;
  const ownFindings = [
    await examineSignatures(),
    ...(await examineFolder(machine.dataDir)),
    ...(await examineFiles()),
    examineThreads(machine.threads),
    ...examineProxies(trustedProxies, machine.publicUrl),
    examineMetrics(machine.metricsHost),
  ];
  if (connection === undefined) {
    const keyFindings = await examineMasterKey({ db: undefined, source: masterKey, retired: retiredKeys });
    return [fine('no_database', { path: machine.dataDir }), ...keyFindings, ...ownFindings];
  }
  const db = openPool({ connection, name: 'vyplata doctor', connectionsMax: 1 });
  try {
    return [...(await examineData(installation, db)), ...ownFindings];
  } finally {
    await db.close();
  }
}

async function examineData(installation: Installation, db: Db): Promise<Finding[]> {
  try {
    await db.query('select 1');
  } catch (error) {
    return [refuse('unreachable', { why: reasonOf(error) })];
  }
  const schema = await examineSchema(db, installation.migrationsFolder);
  const found = [
    ...(await examineServer({ db, ...installation })),
    await examineClock(db, now),
    await examineTimeZone(db),
  ];
  found.push(...(await examineNames(installation)), schema);
  // Older and newer schemas may not have what is looked at.
  if (schema.level === 'refuse') return found;
  const { masterKey: source, retiredKeys: retired } = installation;
  return [...found, ...(await examineMasterKey({ db, source, retired })), ...(await examineKeys(db))];
}

function examineNames({ connection, isEmbedded, namedStatements }: Installation): Promise<Finding[]> {
  if (isEmbedded || !namedStatements || connection === undefined) return Promise.resolve([]);
  return examinePooler(connection).then((finding) => [finding]);
}

/**
 * For processes that are about to work on a database whose schema fits: throws the sentences of whatever puts money or
 * a promise at risk.
 */
export async function refuseUnsafe(installation: Installation): Promise<void> {
  const { connection, masterKey: source, retiredKeys: retired, trustedProxies } = installation;
  if (connection === undefined) throw new Error('there is no database to work on');
  const db = openPool({ connection, name: 'vyplata doctor', connectionsMax: 1 });
  try {
    const findings = await Promise.all([
      examineServer({ db, ...installation }),
      examineClock(db, now).then((finding) => [finding]),
      examineNames(installation),
      examineMasterKey({ db, source, retired }),
      examineSignatures().then((finding) => [finding]),
      Promise.resolve(examineProxies(trustedProxies, undefined)),
    ]);
    const grave = findings.flat().filter(({ level }) => level === 'refuse');
    if (grave.length === 0) return;
    const sentences = grave.map((finding) => wordFinding(finding, 'en')).map(({ found, cure }) => `${found}. ${cure}`);
    throw new Error(`It is not safe to start: ${sentences.join(' Also: ')} See everything with: doctor`);
  } finally {
    await db.close();
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
