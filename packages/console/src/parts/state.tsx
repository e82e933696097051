import { useTranslation } from 'react-i18next';

export type Tone = 'good' | 'bad' | 'wait' | 'alarm' | 'quiet';

const tones: Readonly<Record<string, Tone>> = {
  queued: 'quiet',
  wait: 'wait',
  accepted: 'quiet',
  sent: 'wait',
  review: 'alarm',
  paid: 'good',
  fail: 'bad',
  cancel: 'quiet',
  pending: 'wait',
  delivered: 'good',
  dead: 'bad',
  active: 'good',
  disabled: 'quiet',
  retired: 'quiet',
  open: 'alarm',
  closed: 'quiet',
  approved: 'wait',
  done: 'good',
  refused: 'quiet',
  failed: 'bad',
};

export function toneOf(state: string): Tone {
  return tones[state] ?? 'quiet';
}

/** A state in words; the colour only repeats them. */
export function State({ value }: { readonly value: string }) {
  const { t } = useTranslation();
  return <span className={`state ${toneOf(value)}`}>{t(`states.${value}`, { defaultValue: value })}</span>;
}
