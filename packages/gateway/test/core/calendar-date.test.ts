import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCalendarDate } from '../../src/core/calendar-date.ts';

test('days that exist', () => {
  for (const text of ['1999-12-15', '2000-02-29', '2024-02-29', '1900-02-28', '0001-01-01', '2026-04-30']) {
    assert.ok(isCalendarDate(text), text);
  }
});

test('days that do not exist, and other spellings', () => {
  const texts = [
    '1900-02-29',
    '2023-02-29',
    '2024-02-30',
    '2024-04-31',
    '2024-13-01',
    '2024-00-10',
    '2024-01-00',
    '2024-01-32',
  ];
  texts.push('0000-01-01', '', '99-12-15', '1999-1-5', '15.12.1999', '1999/12/15', '1999-12-15T00:00', ' 1999-12-15');
  texts.push('1999-12-15\n', '+1999-12-15', '１９９９-12-15', '19991215');
  for (const text of texts) assert.ok(!isCalendarDate(text), JSON.stringify(text));
});
