/** Where PostgreSQL is: a connection URL, or the parts (`host` may be the folder of a Unix socket). */
export type Connection =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

const authorityForm = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/s;

/**
 * The servers that a connection names, one connection each. A URL may name several, as libpq's do
 * (`postgres://user@one:5432,two:5432/name`): they are the members of one replicated cluster, and the one that takes
 * writes is looked for. Throws one sentence when it is no such URL.
 */
export function listPlaces(connection: Connection): readonly Connection[] {
  if (!('url' in connection)) return [connection];
  const [, start, hosts, rest] = authorityForm.exec(connection.url) ?? [];
  if (start === undefined || hosts === undefined || rest === undefined) return refuseUrl();
  const urls = hosts.split(',').map((host) => `${start}${host}${rest}`);
  if (!urls.every((url) => URL.canParse(url))) return refuseUrl();
  return urls.map((url) => ({ url }));
}

function refuseUrl(): never {
  throw new Error('a PostgreSQL URL is postgres://user:password@host:port/database, with more hosts after commas');
}
