import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeOpenapi } from '../../src/http/openapi.ts';
import { operatorPrefix, operatorRoutes } from '../../src/http/routes/operator/routes.ts';

type Operation = { operationId: string; security: object[]; responses: Record<string, { headers?: object }> };
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };

const text = writeOpenapi();
const document = JSON.parse(text) as Document;

test('the file in the project is what the code says', async () => {
  assert.equal(await readFile(join(import.meta.dirname, '../../openapi.json'), 'utf8'), text);
  assert.equal(writeOpenapi(), text);
  assert.equal(document.openapi, '3.1.0');
});

test('every operator route is described, with its way of authentication', () => {
  for (const { method, path, name, role } of operatorRoutes) {
    const operation = document.paths[`${operatorPrefix}${path}`]?.[method.toLowerCase()];
    assert.equal(operation?.operationId, name);
    assert.equal(operation?.security.length, role === 'anyone' ? 0 : 2, name);
  }
});

test('the merchant API is described with the headers that programs decide by', () => {
  const paths = ['/v1/payout', '/v1/payout/status', '/v1/account/balance', '/v1/account/info', '/v1/sandbox/advance'];
  for (const path of paths) assert.ok(document.paths[path]?.post, path);
  const responses = document.paths['/v1/payout']?.post?.responses;
  assert.deepEqual(Object.keys(responses?.['200']?.headers ?? {}).sort(), ['Idempotent-Replayed', 'Payout-Created']);
  assert.deepEqual(Object.keys(responses?.['400']?.headers ?? {}).sort(), ['Payout-Created', 'Payout-Id']);
});
