import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../src/config.ts';

const headersOf = (text: string) => readConfig({ OTEL_EXPORTER_OTLP_HEADERS: text }).OTEL_EXPORTER_OTLP_HEADERS;

test('headers for the receiver of traces are pairs with percent-encoded values', () => {
  assert.deepEqual(readConfig({}).OTEL_EXPORTER_OTLP_HEADERS, {});
  assert.deepEqual(headersOf('authorization=Bearer%20abc%3D, x-scope=a=b,'), {
    authorization: 'Bearer abc=',
    'x-scope': 'a=b',
  });
});

test('headers that are none are refused without being quoted', () => {
  for (const text of ['secretvalue', '=secretvalue', 'na me=secretvalue', 'name=secretvalue%', 'name=secret value']) {
    assert.throws(
      () => headersOf(text),
      (error: Error) => /OTEL_EXPORTER_OTLP_HEADERS: must be/.test(error.message) && !error.message.includes('secret'),
      text,
    );
  }
});

test('an endpoint of traces is a URL, and a share is between 0 and 1', () => {
  assert.equal(readConfig({ OTEL_TRACES_SAMPLER_ARG: '0.01' }).OTEL_TRACES_SAMPLER_ARG, 0.01);
  for (const OTEL_EXPORTER_OTLP_ENDPOINT of ['collector:4318', 'ftp://collector']) {
    assert.throws(() => readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT }), /OTEL_EXPORTER_OTLP_ENDPOINT/);
  }
  for (const OTEL_TRACES_SAMPLER_ARG of ['2', '-1', 'always']) {
    assert.throws(() => readConfig({ OTEL_TRACES_SAMPLER_ARG }), /OTEL_TRACES_SAMPLER_ARG/);
  }
});
