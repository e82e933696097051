// Owns `vyplata doctor`: everything that has to be right before a payout can be ordered, checked in order.
// Promises a cure for each thing that is wrong, exit code 1 if anything is, and no change anywhere.
// Refuses to guess: what depends on something that is wrong is not checked.
import type { Command } from 'commander';
import { addConnectOptions, type ConnectOptions, findPlace, readDemo, readText } from './connect.ts';
import { examineCalls } from './doctor-call.ts';
import { type Finding, failed, passed, warned } from './doctor-finding.ts';
import { examineKey, examineNotificationKey } from './doctor-key.ts';
import { wordFinding } from './doctor-texts.ts';
import { type Cli, EXIT, escapeControls, writeOut } from './print.ts';
import { textOf } from './texts.ts';

type DoctorOptions = ConnectOptions & { notificationKey?: string; timeout?: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MARKS = { ok: '✓', warning: '!', failed: '✗' } as const;

export function addDoctorCommand(program: Command, cli: Cli): void {
  const doctor = program
    .command('doctor')
    .description('check settings, key, clock, connection, account and rights; name what is wrong and its cure')
    .option('--notification-key <file>', 'public.pem that notifications are verified with')
    .option('--timeout <seconds>', 'longest wait for an answer', '15');
  addConnectOptions(doctor).action(async (options: DoctorOptions) => {
    const findings = await examine(cli, options);
    if (findings.some(({ state }) => state === 'failed')) cli.exitCode = EXIT.refused;
    report(cli, findings, options.json);
  });
}

async function examine(cli: Cli, options: DoctorOptions): Promise<Finding[]> {
  const { url, account, certDir } = await findPlace(cli, options);
  const given = {
    '--url (VYPLATA_URL)': url,
    '--account (VYPLATA_ACCOUNT)': account,
    '--cert-dir (VYPLATA_CERT_DIR)': certDir,
  };
  const missing = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [name] : []));
  const findings: Finding[] = [];
  if (missing.length > 0) findings.push(failed('settings', 'settings_missing', { names: missing.join(', ') }));
  if (url !== undefined) findings.push(judgeUrl(url));
  if (account !== undefined && !UUID.test(account)) findings.push(failed('account', 'account_not_uuid', { account }));
  const examined = certDir === undefined ? undefined : await examineKey(certDir);
  findings.push(...(examined?.findings ?? []));
  const notificationPem = await readNotificationKey(options);
  if (notificationPem !== undefined) findings.push(examineNotificationKey(notificationPem, examined?.key));
  const isReady = !findings.some(({ state, check }) => state === 'failed' && check !== 'notifications');
  if (!isReady || url === undefined || account === undefined || examined?.key === undefined) return findings;
  const timeoutMs = Number(options.timeout) > 0 ? Number(options.timeout) * 1000 : 15_000;
  const calls = await examineCalls({
    url: new URL(url),
    account,
    key: examined.key,
    language: cli.language,
    timeoutMs,
  });
  return [...findings, ...calls];
}

function judgeUrl(text: string): Finding {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === undefined || !isHttp || url.username !== '' || url.search !== '' || url.hash !== '') {
    return failed('settings', 'url_wrong', { url: text });
  }
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLocal) return warned('settings', 'url_plain', { url: text });
  return passed('settings', url.origin);
}

async function readNotificationKey(options: DoctorOptions): Promise<string | undefined> {
  if (options.notificationKey !== undefined) return readText(options.notificationKey);
  return options.demo === undefined ? undefined : (await readDemo(options.demo)).notificationPublicKey;
}

function report(cli: Cli, findings: readonly Finding[], isJson: boolean | undefined): void {
  const { language } = cli;
  const isHealthy = cli.exitCode === EXIT.ok;
  const worded = findings.map((finding) => ({ ...finding, ...wordFinding({ ...finding, language }) }));
  if (isJson) {
    const checks = worded.map(({ check, state, code, found, cure }) => ({ check, state, code, found, cure }));
    return writeOut(JSON.stringify({ isHealthy, checks }));
  }
  for (const { check, state, found, cure } of worded) {
    writeOut(escapeControls(`${MARKS[state]} ${textOf(`check_${check}`, language)}: ${found}`));
    if (cure !== '') writeOut(escapeControls(`  → ${cure}`));
  }
  writeOut(textOf(isHealthy ? 'doctorHealthy' : 'doctorIll', language));
}
