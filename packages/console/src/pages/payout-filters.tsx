import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isMerchantSide } from '../calls/side.ts';
import { type FilterName, type Filters, readFilters } from '../calls/search.ts';

/** Operators tell states apart that merchants see as one. */
const stateFilter = isMerchantSide ? 'payment_status' : 'state';
const states = isMerchantSide
  ? ['wait', 'paid', 'fail', 'cancel']
  : ['queued', 'sent', 'review', 'paid', 'fail', 'cancel'];
const first: readonly FilterName[] = ['id', 'order_id', 'recipient_end', 'amount', 'created_from', 'created_to'];
const further: readonly FilterName[] = [
  ...(isMerchantSide ? [] : (['merchant_id'] as const)),
  'account_id',
  'service_code',
  'currency',
  'amount_from',
  'amount_to',
];
const narrow: ReadonlySet<FilterName> = new Set(['recipient_end', 'currency', 'merchant_id']);

/** What is searched for; it stands in the address, so a search can be sent to a colleague. */
export function PayoutFilters({ filters }: { readonly filters: Filters }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isWhole, setWhole] = useState(further.some((name) => filters[name] !== undefined));
  const go = (search: Filters) => void navigate({ to: '/payouts', search });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = Object.fromEntries(new FormData(event.currentTarget));
    go(readFilters({ ...filters, ...typed }));
  };
  return (
    <form className="filters" onSubmit={submit} aria-label={t('payouts.filters')}>
      <NativeSelect
        size="xs"
        label={t('payouts.state')}
        value={filters[stateFilter] ?? ''}
        data={[
          { value: '', label: t('payouts.anyState') },
          ...states.map((value) => ({ value, label: t(`states.${value}`) })),
        ]}
        onChange={(event) => go(readFilters({ ...filters, [stateFilter]: event.currentTarget.value }))}
      />
      {[...first, ...(isWhole ? further : [])].map((name) => (
        <TextInput
          key={name}
          size="xs"
          w={narrow.has(name) ? 92 : 128}
          type={name.startsWith('created') ? 'date' : 'text'}
          name={name}
          label={t(`filters.${name}`)}
          defaultValue={filters[name] ?? ''}
          autoComplete="off"
        />
      ))}
      <Button type="submit" size="xs" variant="default">
        {t('payouts.find')}
      </Button>
      {!isWhole && (
        <Button size="xs" variant="subtle" onClick={() => setWhole(true)}>
          {t('payouts.moreFilters')}
        </Button>
      )}
      {Object.keys(filters).length > 0 && (
        <Button size="xs" variant="subtle" onClick={() => go({})}>
          {t('payouts.clear')}
        </Button>
      )}
      {!isMerchantSide && filters.payment_status !== undefined && (
        <span className="state hostile">
          {t('filters.payment_status')}: {filters.payment_status}
        </span>
      )}
    </form>
  );
}
