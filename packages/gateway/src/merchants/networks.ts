import { normaliseNetwork } from '../core/network.ts';
import { Refusal } from '../core/problem.ts';
import type { Sql, Tx } from '../db/pool.ts';
import { lockMerchant } from './enroll.ts';

/** From where a merchant's requests may come, as CIDR; an empty list: from anywhere. */
export async function readNetworks(sql: Sql, merchantId: bigint): Promise<string[]> {
  const rows = await sql.query<{ network: string }>(
    'select network::text as network from merchant_network where merchant_id = $1 order by merchant_network.network',
    [merchantId],
  );
  return rows.map(({ network }) => network);
}

/** Puts a list in place of the present one. Throws a Refusal that names what is no address and no network. */
export async function setNetworks(
  tx: Tx,
  input: { merchantId: bigint; networks: readonly string[] },
): Promise<string[]> {
  const { merchantId, networks } = input;
  await lockMerchant(tx, merchantId);
  const texts = networks.map(normaliseNetwork);
  const wrong = texts.flatMap((text, at) => (text === undefined ? [`networks.${at}`] : []));
  if (wrong.length > 0) throw new Refusal(wrong.map((field) => ({ code: 'network_wrong', field })));
  await tx.query('delete from merchant_network where merchant_id = $1', [merchantId]);
  await tx.query(
    `insert into merchant_network (merchant_id, network) select $1, unnest($2::text[])::cidr on conflict do nothing`,
    [merchantId, texts],
  );
  return readNetworks(tx, merchantId);
}
