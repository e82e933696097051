import { NativeSelect, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { OwnService } from '../calls/answers.ts';
import type { Errors } from '../calls/call.ts';

export type OrderValues = Readonly<Record<string, string>>;

/** Which fields a recipient's kind needs beside the number; the gateway decides what is missing. */
const moreFields: Readonly<Record<string, readonly string[]>> = {
  sbp_phone: ['customer_code'],
  russian_account: ['customer_code'],
};
const euroCard = [
  'extra.card_exp_year',
  'extra.card_exp_month',
  'extra.card_holder',
  'extra.card_country',
  'extra.card_recipient_birth_date',
];

type FieldsProps = {
  readonly values: OrderValues;
  readonly errors: Errors;
  readonly services: readonly OwnService[];
  readonly currency: string;
  readonly set: (name: string, value: string) => void;
};

export function OrderFields({ values, errors, services, currency, set }: FieldsProps) {
  const { t, i18n } = useTranslation();
  const chosen = services.find((one) => one.service_code === values['service']);
  const kind = chosen?.recipient_kind ?? '';
  const more = [...(moreFields[kind] ?? []), ...(kind === 'card' && currency === 'EUR' ? euroCard : [])];
  const line = (name: string, label: string, hint?: string) => (
    <TextInput
      key={name}
      label={label}
      description={hint}
      value={values[name] ?? ''}
      error={errors[name]?.join(' ')}
      autoComplete="off"
      onChange={(event) => set(name, event.currentTarget.value)}
    />
  );
  return (
    <>
      <NativeSelect
        label={t('payouts.columns.service')}
        value={values['service'] ?? ''}
        error={errors['service']?.join(' ')}
        data={[
          { value: '', label: t('order.chooseService') },
          ...services.map(({ service_code: value, names }) => ({
            value,
            label: `${i18n.language === 'ru' ? names.ru : names.en} (${value})`,
          })),
        ]}
        onChange={(event) => set('service', event.currentTarget.value)}
      />
      {line('number', t('order.number'), kind === '' ? undefined : t(`recipientKinds.${kind}`))}
      {line('amount', `${t('payouts.columns.amount')}, ${currency}`)}
      {more.map((name) => line(name, t(`order.fields.${name.replace('extra.', '')}`)))}
      {line('notification_endpoint_url', `${t('order.notifyUrl')} (${t('optional')})`)}
    </>
  );
}

/** Empty texts are left out; dotted names go into `extra`. */
export function toOrderBody(values: OrderValues): object {
  const filled = Object.entries(values).flatMap(([name, value]) => {
    const text = name === 'amount' ? value.trim().replace(',', '.') : value.trim();
    return text === '' && name !== 'amount' && name !== 'number' && name !== 'service' ? [] : [[name, text] as const];
  });
  const extra = filled.flatMap(([name, text]) =>
    name.startsWith('extra.') ? [[name.replace('extra.', ''), text] as const] : [],
  );
  const plain = filled.filter(([name]) => !name.startsWith('extra.'));
  return { ...Object.fromEntries(plain), ...(extra.length > 0 && { extra: Object.fromEntries(extra) }) };
}
