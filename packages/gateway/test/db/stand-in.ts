// A process that owns an embedded database and can be killed: inserts numbers and prints each one that is committed.
import { Client } from 'pg';
import { startEmbedded } from '../../src/db/embedded.ts';

const [dataDir = '', rowsMax = '0'] = process.argv.slice(2);
const server = await startEmbedded({ dataDir }).catch((error: Error) => {
  console.log(`refused ${error.message}`);
  process.exit(1);
});
const client = new Client(server.connection);
await client.connect();
await client.query('create table if not exists acknowledged (number bigint primary key)');
console.log('ready');
for (let number = 1; number <= Number(rowsMax); number += 1) {
  await client.query('insert into acknowledged values ($1)', [number]);
  console.log(number);
}
await client.end();
await server.stop();
