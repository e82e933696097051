#!/usr/bin/env node
// A sandbox of its own: an embedded PostgreSQL, a merchant with play money, and a provider that moves none.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isNodeFit } from './find-node.js';

const usage = `Usage: vyplata-sandbox [--port 8080] [--data ./vyplata-sandbox] [--fresh] [--speed 1]

  --port    port on 127.0.0.1
  --data    folder that keeps everything; the next start goes on with it
  --fresh   a folder of its own that is removed at the end
  --speed   how much faster the sandbox's delays pass: 10 makes 30 seconds 3
`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '8080' },
        data: { type: 'string', default: './vyplata-sandbox' },
        fresh: { type: 'boolean', default: false },
        speed: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    });
    if (!(Number(values.speed) > 0)) throw new Error('--speed is a number greater than 0.');
    return values;
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    return process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(usage);
} else if (isNodeFit(fileURLToPath(import.meta.url))) {
  const folder = options.fresh ? mkdtempSync(join(tmpdir(), 'vyplata-sandbox-')) : resolve(options.data);
  if (options.fresh) process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  // What the machine has set for a gateway of its own is not meant for the sandbox.
  for (const name of ['DATABASE_URL', 'MASTER_KEY', 'MASTER_KEY_FILE', 'MASTER_KEYS_RETIRED', 'SANDBOX_BOOK']) {
    delete process.env[name];
  }
  process.env.PORT = options.port;
  process.env.DATA_DIR = folder;
  process.env.SANDBOX_TIME_SCALE = String(1 / Number(options.speed));
  process.argv = [process.argv[0], process.argv[1], 'dev'];
  await import('../gateway/src/main.js');
}
