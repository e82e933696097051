// Owns one finding of the doctor.
// Promises a state and, unless all is well, a code that has a cure.
// Refuses to know languages.
import type { FindingCode } from './doctor-texts.ts';

export type Check = 'settings' | 'key' | 'account' | 'connection' | 'clock' | 'signature' | 'rights' | 'balance';
export type Finding = {
  check: Check | 'notifications';
  state: 'ok' | 'warning' | 'failed';
  code: FindingCode;
  values: Record<string, string | number>;
};

export function passed(check: Finding['check'], what: string): Finding {
  return { check, state: 'ok', code: 'ok', values: { what } };
}

export function failed(check: Finding['check'], code: FindingCode, values: Finding['values'] = {}): Finding {
  return { check, state: 'failed', code, values };
}

export function warned(check: Finding['check'], code: FindingCode, values: Finding['values'] = {}): Finding {
  return { check, state: 'warning', code, values };
}
