import { join } from 'node:path';
import type { Config } from '../config.ts';
import { hasEmbedded, joinEmbedded } from '../db/join-embedded.ts';
import { listPlaces } from '../db/places.ts';
import type { Connection } from '../db/pool.ts';
import { examineAll, type Installation } from '../findings/examine.ts';
import { type Finding, type Language, wordFinding } from '../findings/finding.ts';
import { readRetiredKeys } from '../secrets/master-key.ts';
import { connect, createLog, migrations, type Stops } from './connect.ts';

const marks = { fine: '✓', warn: '!', refuse: '✗' } as const;
const closings = {
  en: {
    fine: 'All is well.',
    warn: 'The gateway starts; the marked lines deserve a look.',
    refuse: 'The gateway refuses to start like this.',
  },
  ru: {
    fine: 'Всё в порядке.',
    warn: 'Шлюз запустится; отмеченные строки стоит проверить.',
    refuse: 'В таком виде шлюз откажется запускаться.',
  },
} as const;

/** Looks at everything that can be wrong with an installation and changes nothing; exit code 1 when it is unsafe. */
export async function runDoctor(config: Config, stops: Stops, ...words: readonly string[]): Promise<void> {
  const { language, isJson } = readWords(words, config.LANG?.startsWith('ru') === true ? 'ru' : 'en');
  const installation = describeInstallation(config, await findConnection(config, stops));
  const findings = await examineAll(installation, {
    dataDir: config.DATA_DIR,
    publicUrl: config.PUBLIC_URL,
    metricsHost: config.METRICS_PORT === undefined ? undefined : config.METRICS_HOST,
    threads: config.UV_THREADPOOL_SIZE,
  });
  const has = (level: Finding['level']): boolean => findings.some((finding) => finding.level === level);
  const worst = has('refuse') ? 'refuse' : has('warn') ? 'warn' : 'fine';
  if (worst === 'refuse') process.exitCode = 1;
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const worded = findings.map((finding) => ({ ...finding, ...wordFinding(finding, language) }));
  if (isJson) {
    const checks = worded.map(({ level, code, found, cure }) => ({ level, code, found, cure }));
    return print(JSON.stringify({ level: worst, checks }));
  }
  for (const { level, found, cure } of worded) {
    print(`${marks[level]} ${found}`);
    if (cure !== '') print(`  → ${cure}`);
  }
  print(closings[language][worst]);
}

function readWords(words: readonly string[], byDefault: Language): { language: Language; isJson: boolean } {
  let language = byDefault;
  const rest = [...words];
  const isJson = rest.includes('--json');
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--json') continue;
    const given = word === '--lang' ? rest.shift() : undefined;
    if (given !== 'en' && given !== 'ru') throw new Error(`doctor knows no ${word}. Use: doctor [--lang ru] [--json]`);
    language = given;
  }
  return { language, isJson };
}

/** The database that a gateway would use: one that is running, or else the embedded one, started for this. */
async function findConnection(config: Config, stops: Stops): Promise<Connection | undefined> {
  if (config.DATABASE_URL !== undefined) return { url: config.DATABASE_URL };
  if (!(await hasEmbedded(config.DATA_DIR))) return undefined;
  return (await joinEmbedded(config.DATA_DIR)) ?? connect(config, stops, createLog(config, 'stderr'));
}

export function describeInstallation(config: Config, connection: Connection | undefined): Installation {
  const isEmbedded = config.DATABASE_URL === undefined;
  return {
    connection,
    isEmbedded,
    hostCount: connection === undefined ? 0 : listPlaces(connection).length,
    namedStatements: config.NAMED_STATEMENTS,
    migrationsFolder: migrations,
    masterKey: {
      value: config.MASTER_KEY,
      file: config.MASTER_KEY_FILE,
      ownFile: isEmbedded ? join(config.DATA_DIR, 'master.key') : undefined,
    },
    retiredKeys: readRetiredKeys(config.MASTER_KEYS_RETIRED),
    trustedProxies: config.TRUSTED_PROXIES,
  };
}
