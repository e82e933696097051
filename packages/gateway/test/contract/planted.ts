import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectionTo, openClient } from '../cluster.ts';

/** Numbers that are right and nobody's, words that occur nowhere else. */
export const card = '4929160739518423';
export const euroCard = '5355720918364756';
export const phone = '79167830952';
export const iban = 'DE27370400440918273645';
export const bic = '044525225';
export const bankAccount = '40817810673920185641';
export const password = 'planted-Горностай-7391 correct';
export const personPassword = 'planted-Выхухоль-8264 correct';
export const person = {
  customer_first_name: 'Планетий',
  customer_last_name: 'Щекотихинский',
  customer_email: 'planted.reader@mail.example',
  customer_phone: '79031752846',
};
export const extra = {
  card_exp_year: '31',
  card_exp_month: '07',
  card_holder: 'PLANETIY SHCHEKOTIKHIN',
  card_country: 'DE',
  card_recipient_birth_date: '1961-04-17',
  passport: 'PLANTED-4517-992014',
};

/** Something that must not be found anywhere but where it was put in. */
export type Plant = { readonly name: string; readonly text: string };

/** What is given to the gateway; what it makes itself is planted when it is shown. */
export const givenPlants: readonly Plant[] = [
  { name: 'card', text: innerOf(card) },
  { name: 'card in euros', text: innerOf(euroCard) },
  { name: 'phone', text: innerOf(phone) },
  { name: 'IBAN', text: innerOf(iban) },
  { name: 'bank account', text: innerOf(bankAccount) },
  { name: 'password', text: password },
  { name: 'password of a merchant’s person', text: personPassword },
  ...Object.entries(person).map(([name, text]) => ({ name, text: name === 'customer_phone' ? innerOf(text) : text })),
  ...['card_holder', 'card_recipient_birth_date', 'passport'].map((name) => ({
    name,
    text: extra[name as keyof typeof extra],
  })),
  { name: 'a private key', text: 'PRIVATE KEY-----' },
];

type Needle = { readonly plant: Plant; readonly form: string; readonly bytes: Buffer };

/** Every way in which a text might have been written down, whoever wrote it. */
export function toNeedles(plants: readonly Plant[]): Needle[] {
  return plants.flatMap((plant) => {
    const bytes = Buffer.from(plant.text);
    const forms: [string, string | Buffer][] = [
      ['as it is', bytes],
      ['hex', bytes.toString('hex')],
      ['HEX', bytes.toString('hex').toUpperCase()],
      ['URL-encoded', encodeURIComponent(plant.text)],
      ['JSON', JSON.stringify(plant.text).slice(1, -1)],
      ['UTF-16', Buffer.from(plant.text, 'utf16le')],
      ...base64Forms(bytes),
    ];
    // The first name of what several forms write alike.
    const seen = new Map(forms.toReversed().map(([form, value]) => [Buffer.from(value).toString('latin1'), form]));
    return [...seen].map(([value, form]) => ({ plant, form, bytes: Buffer.from(value, 'latin1') }));
  });
}

/** Base64 of a text depends on where in a group of three bytes it begins: the part that each beginning leaves whole. */
function base64Forms(bytes: Buffer): [string, string][] {
  return [0, 1, 2].flatMap((offset): [string, string][] => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = text.slice(offset === 0 ? 0 : offset + 1, Math.floor(((bytes.length + offset) * 8) / 6));
    const url = whole.replaceAll('+', '-').replaceAll('/', '_');
    return [
      [`base64, ${offset}`, whole],
      [`base64url, ${offset}`, url],
    ];
  });
}

/** Where a needle is, if anywhere. `only`: just the forms with this name. */
export function findIn(place: string, content: Uint8Array | string, needles: readonly Needle[]): string[] {
  const bytes = Buffer.from(content);
  return needles.flatMap(({ plant, form, bytes: needle }) => {
    const at = bytes.indexOf(needle);
    if (at === -1) return [];
    return [`${plant.name} (${form}) in ${place} at ${at}: …${bytes.toString('latin1', Math.max(0, at - 80), at)}`];
  });
}

/** Every row of every table as text, with bytes in hex: what a dump of the database holds. */
export async function dumpTables(host: string, database: string): Promise<Map<string, string>> {
  const client = await openClient(connectionTo(host, database));
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p', 'v', 'm') and n.nspname = 'public'`,
    );
    const dumped = new Map<string, string>();
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} t`);
      dumped.set(name, rows.map(({ text }) => text).join('\n'));
    }
    return dumped;
  } finally {
    await client.end();
  }
}

/** The content of every file below a folder whose path is not left out. */
export async function* readFiles(root: string, isLeftOut: (path: string) => boolean): AsyncGenerator<[string, Buffer]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || isLeftOut(path.slice(root.length + 1))) continue;
    // A file of the database may go while it is looked for.
    const content = await readFile(path).catch(() => undefined);
    if (content !== undefined) yield [path.slice(root.length + 1), content];
  }
}

/** All of a number but its last three digits: more than a mask ever shows. */
function innerOf(number: string): string {
  return number.slice(0, -3);
}
