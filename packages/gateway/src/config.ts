import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { listPlaces } from './db/places.ts';

/** One setting: what the README's table shows, and how its text becomes a value. */
type Setting = {
  readonly name: string;
  /** Text, as it would stand in the environment; null = no default. */
  readonly default: string | null;
  readonly meaning: string;
};

/**
 * Every environment variable that the gateway reads; nothing else reads process.env.
 * @public The check holds the README's table against it.
 */
export const settings: readonly Setting[] = [
  { name: 'PORT', default: '8080', meaning: 'TCP port of the HTTP server' },
  { name: 'HOST', default: '127.0.0.1', meaning: 'address the HTTP server listens on; the demo always uses 127.0.0.1' },
  { name: 'DATA_DIR', default: './data', meaning: 'folder of the embedded PostgreSQL, the master key and the demo' },
  {
    name: 'DATABASE_URL',
    default: null,
    meaning: 'a PostgreSQL 15 or newer, or several hosts of a replicated one; needed by `serve` and `work`',
  },
  { name: 'DATABASE_URL_FILE', default: null, meaning: 'a file with that URL, for secrets that are mounted' },
  {
    name: 'MASTER_KEY',
    default: null,
    meaning: '32 bytes in base64 that seal recipients and secrets; part of every backup',
  },
  {
    name: 'MASTER_KEY_FILE',
    default: null,
    meaning: 'a file with the master key; without both the embedded database keeps one in `DATA_DIR/master.key`',
  },
  {
    name: 'MASTER_KEYS_RETIRED',
    default: null,
    meaning: 'comma-separated earlier master keys; they open what they sealed until `rotate-keys` has run',
  },
  {
    name: 'PUBLIC_URL',
    default: null,
    meaning: 'where people reach the gateway; with https the cookies of the console are for TLS only',
  },
  { name: 'SUPPORT_CONTACT', default: null, meaning: 'named in answers after which a merchant may need help' },
  { name: 'TRUSTED_PROXIES', default: null, meaning: 'comma-separated addresses whose X-Forwarded-For counts' },
  {
    name: 'ALLOW_LOOPBACK',
    default: 'false',
    meaning: 'development only: notifications may go to loopback addresses; the demo switches it on',
  },
  { name: 'LOG_LEVEL', default: 'info', meaning: '`error`, `warn`, `info` or `debug`' },
  {
    name: 'METRICS_PORT',
    default: null,
    meaning: 'TCP port of a second listener with `GET /metrics` for Prometheus; absent: none',
  },
  { name: 'METRICS_HOST', default: '127.0.0.1', meaning: 'address of that listener: for your own network only' },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    default: null,
    meaning: 'base URL of an OTLP/HTTP receiver of traces, `http://127.0.0.1:4318` for example; absent: no traces',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    default: null,
    meaning: 'headers for that receiver, `name=value` with commas between them and values percent-encoded',
  },
  { name: 'OTEL_SERVICE_NAME', default: 'vyplata', meaning: 'the name of this process in traces' },
  { name: 'OTEL_TRACES_SAMPLER_ARG', default: '1', meaning: 'share of the payouts that is traced, 0 to 1' },
  { name: 'LANG', default: null, meaning: 'the demo speaks Russian when it starts with `ru`, else English' },
  {
    name: 'ONE_PERSON',
    default: 'false',
    meaning: 'one person runs this installation: what takes two people takes one, and the audit log says so each time',
  },
  {
    name: 'SECOND_FACTOR',
    default: 'optional',
    meaning: '`required`: who has no second factor can do nothing but add one; `optional`: who has one shows it',
  },
  { name: 'NAMED_STATEMENTS', default: 'true', meaning: 'off behind a pooler that cannot keep named statements' },
  { name: 'CREATES_WAITING_MAX', default: '2000', meaning: 'orders that may wait for the database; more get 503' },
  { name: 'ACCEPT_CONNECTIONS', default: '1', meaning: 'connections that commit groups of orders' },
  { name: 'READ_CONNECTIONS', default: '4', meaning: 'connections for status, balance and the operator API' },
  { name: 'WORK_CONNECTIONS', default: '6', meaning: 'connections of the workers' },
  { name: 'PAYOUT_JOBS_MAX', default: '256', meaning: 'payouts one process has in hand at once' },
  { name: 'NOTIFICATION_JOBS_MAX', default: '512', meaning: 'notifications one process has in hand at once' },
  { name: 'LANE_JOBS_MAX', default: '128', meaning: 'of these, notifications to one endpoint' },
  {
    name: 'UV_THREADPOOL_SIZE',
    default: null,
    meaning:
      'threads that make and verify signatures, read by Node itself: 4 when absent; as many as there are cores is best',
  },
  { name: 'POLL_MS', default: '100', meaning: 'how often a worker looks for jobs that other processes queued' },
  {
    name: 'UNKNOWN_BUDGET_MS',
    default: '900000',
    meaning: 'how long an unknown outcome is asked about before a person decides',
  },
  { name: 'ACCEPTED_BUDGET_MS', default: '259200000', meaning: 'the same for a payout that the provider accepted' },
  { name: 'CALL_DEADLINE_MS', default: '10000', meaning: 'longest wait for one answer of a provider' },
  {
    name: 'NOTIFICATION_DEADLINE_MS',
    default: '15000',
    meaning: 'longest wait for a receiver to acknowledge one notification',
  },
  {
    name: 'AUDIT_EVERY_MS',
    default: '60000',
    meaning: 'how often the workers read on in the ledger and look for what must never be; 0: never',
  },
  {
    name: 'RECIPIENT_KEEP_DAYS',
    default: '1825',
    meaning: 'how long after its end what a payout says of its recipient is kept; 0: for ever',
  },
  {
    name: 'RECIPIENT_KEEP_MASK',
    default: 'true',
    meaning: 'whether the mask of a deleted recipient stays, for statements and disputes',
  },
  {
    name: 'ARCHIVE_AFTER_DAYS',
    default: '400',
    meaning: 'how long after its end a payout is archived: its status stays, its details go; 0: never',
  },
  {
    name: 'ANSWER_KEEP_DAYS',
    default: '90',
    meaning: 'how long the beginning of what a receiver answered is kept; 0: until its payout is archived',
  },
  {
    name: 'SESSION_KEEP_DAYS',
    default: '90',
    meaning: 'how long sessions, tokens and invitations are kept after their end; 0: for ever',
  },
  {
    name: 'APPROVAL_KEEP_DAYS',
    default: '1825',
    meaning: 'how long requests for a second person are kept once they are decided; 0: for ever',
  },
  {
    name: 'INCIDENT_KEEP_DAYS',
    default: '1825',
    meaning: 'how long closed incidents that moved no money are kept; 0: for ever',
  },
  {
    name: 'COUNT_KEEP_DAYS',
    default: '1825',
    meaning: 'how long the counts of payouts of each day are kept, 32 at least; 0: for ever',
  },
  {
    name: 'SANDBOX_BOOK',
    default: null,
    meaning: "the sandbox provider's own list of executed transfers; default `DATA_DIR/sandbox/book.ndjson`",
  },
  { name: 'SANDBOX_TIME_SCALE', default: '1', meaning: 'factor on every delay of the sandbox, for tests' },
];

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int().min(1).max(1_000_000);
const longestMs = 31 * 86_400_000;
const milliseconds = z.coerce.number().int().min(1).max(longestMs);
const days = z.coerce.number().int().min(0).max(36_500);
/** The overview shows a month. */
const countDays = days.refine((kept) => kept === 0 || kept >= 32, 'expected 0 or at least 32');
const optionalText = z.string().min(1).optional();
const databaseUrl = z.string().check((context) => {
  try {
    listPlaces({ url: context.value });
  } catch (error) {
    context.issues.push({ code: 'custom', input: '', message: error instanceof Error ? error.message : String(error) });
  }
});

/** As OpenTelemetry writes them: pairs, commas between them, values percent-encoded. What is wrong is not quoted. */
const traceHeaders = z
  .string()
  .optional()
  .transform((text, context) => {
    const headers: Record<string, string> = {};
    for (const pair of (text ?? '').split(',').filter((one) => one.trim() !== '')) {
      const [, name, value] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*([\x21-\x7e]*)\s*$/.exec(pair) ?? [];
      const decoded = value === undefined ? undefined : decodeText(value);
      if (name === undefined || decoded === undefined) {
        context.addIssue({ code: 'custom', message: 'must be name=value pairs with commas between them' });
        return z.NEVER;
      }
      headers[name] = decoded;
    }
    return headers;
  });

function decodeText(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const shape = z.object({
  PORT: port,
  HOST: z.string().min(1),
  DATA_DIR: z.string().min(1),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_URL_FILE: optionalText,
  MASTER_KEY: optionalText,
  MASTER_KEY_FILE: optionalText,
  MASTER_KEYS_RETIRED: optionalText,
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SUPPORT_CONTACT: optionalText,
  TRUSTED_PROXIES: z
    .string()
    .optional()
    .transform((text) => (text === undefined ? [] : text.split(',').map((part) => part.trim()))),
  ALLOW_LOOPBACK: flag,
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']),
  METRICS_PORT: port.optional(),
  METRICS_HOST: z.string().min(1),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_HEADERS: traceHeaders,
  OTEL_SERVICE_NAME: z.string().min(1).max(100),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1),
  LANG: optionalText,
  ONE_PERSON: flag,
  SECOND_FACTOR: z.enum(['optional', 'required']),
  NAMED_STATEMENTS: flag,
  CREATES_WAITING_MAX: count,
  ACCEPT_CONNECTIONS: count,
  READ_CONNECTIONS: count,
  WORK_CONNECTIONS: count,
  PAYOUT_JOBS_MAX: count,
  NOTIFICATION_JOBS_MAX: count,
  LANE_JOBS_MAX: count,
  UV_THREADPOOL_SIZE: count.optional(),
  POLL_MS: milliseconds,
  UNKNOWN_BUDGET_MS: milliseconds,
  ACCEPTED_BUDGET_MS: milliseconds,
  CALL_DEADLINE_MS: milliseconds,
  NOTIFICATION_DEADLINE_MS: milliseconds,
  AUDIT_EVERY_MS: z.coerce.number().int().min(0).max(longestMs),
  RECIPIENT_KEEP_DAYS: days,
  RECIPIENT_KEEP_MASK: flag,
  ARCHIVE_AFTER_DAYS: days,
  ANSWER_KEEP_DAYS: days,
  SESSION_KEEP_DAYS: days,
  APPROVAL_KEEP_DAYS: days,
  INCIDENT_KEEP_DAYS: days,
  COUNT_KEEP_DAYS: countDays,
  SANDBOX_BOOK: optionalText,
  SANDBOX_TIME_SCALE: z.coerce.number().min(0).max(1000),
});

export type Config = Readonly<z.infer<typeof shape>>;

type Given = Readonly<Record<string, string | undefined>>;

/** A secret that is mounted counts like one that is given; both at once would be a riddle. */
function withUrlFile(given: Given): Given {
  const { DATABASE_URL: url, DATABASE_URL_FILE: file } = given;
  if (file === undefined) return given;
  if (url !== undefined) throw new Error('Set DATABASE_URL or DATABASE_URL_FILE, not both.');
  try {
    return { ...given, DATABASE_URL: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    throw new Error(`DATABASE_URL_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/**
 * Reads and checks the environment. An empty variable counts as absent.
 * Throws one sentence per wrong variable, with its name and what it may be.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = settings.map(({ name, default: fallback }) => [name, environment[name] || fallback || undefined]);
  const reading = shape.safeParse(withUrlFile(Object.fromEntries(given) as Given));
  if (reading.success) return Object.freeze(reading.data);
  const lines = reading.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The settings are not usable. ${lines.join('. ')}. See the table of settings in README.md.`);
}
