import { Alert, Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Ordered, OwnService, Page as ApiPage, Preflight } from '../calls/answers.ts';
import { CallError, change, type Errors, read } from '../calls/call.ts';
import { accountPath } from '../calls/paths.ts';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { type AccountWithBalance, nameAccount, useOwnAccounts } from './read-accounts.ts';
import { OrderFields, type OrderValues, toOrderBody } from './order-fields.tsx';
import { PreflightPanel } from './preflight-panel.tsx';

/** A payout by a form: first all checks and the price, nothing held; then the order. */
export function OrderPage() {
  const { t } = useTranslation();
  const accounts = useOwnAccounts();
  return (
    <Page title={t('pages.order')}>
      <p>{t('order.text')}</p>
      <Loaded query={accounts}>
        {({ items }) => {
          const [first] = items;
          if (first === undefined) return <p className="empty panel">{t('cabinet.noAccounts')}</p>;
          return <OrderForm accounts={items} first={first} />;
        }}
      </Loaded>
    </Page>
  );
}

type FormProps = { readonly accounts: readonly AccountWithBalance[]; readonly first: AccountWithBalance };

/** The order_id is made once per form: pressing twice, or again after an error, orders once. */
function newOrderId(): string {
  return `cabinet-${crypto.randomUUID()}`;
}

function useOrder(first: AccountWithBalance) {
  const queries = useQueryClient();
  const start = { account_id: first.account.id, order_id: newOrderId(), service: '', amount: '', number: '' };
  const [values, setValues] = useState<OrderValues>(start);
  const [checked, setChecked] = useState<Preflight>();
  const [ordered, setOrdered] = useState<Ordered>();
  const [errors, setErrors] = useState<Errors>({});
  const [isBusy, setBusy] = useState(false);
  const send = async (run: () => Promise<void>) => {
    setBusy(true);
    setErrors({});
    try {
      await run();
    } catch (error) {
      setErrors(error instanceof CallError ? error.errors : { request: [String(error)] });
    } finally {
      setBusy(false);
    }
  };
  return {
    values,
    checked,
    ordered,
    isBusy,
    errors: { ...checked?.errors, ...errors },
    // What was checked is not what would be ordered any more.
    set: (name: string, value: string) => {
      setValues((before) => ({ ...before, [name]: value }));
      setChecked(undefined);
      setErrors({});
    },
    check: () =>
      send(async () => {
        const found = await change<Preflight>('POST', '/payouts/preflight', toOrderBody(values));
        if (!found.isAsked) setChecked(found.answer);
      }),
    order: () =>
      send(async () => {
        const done = await change<Ordered>('POST', '/payouts', toOrderBody(values));
        if (done.isAsked) return;
        setOrdered(done.answer);
        setChecked(undefined);
        setValues((before) => ({ ...before, order_id: newOrderId(), amount: '' }));
        await queries.invalidateQueries();
      }),
  };
}

function OrderForm({ accounts, first }: FormProps) {
  const { t } = useTranslation();
  const { values, checked, ordered, isBusy, errors, set, check, order } = useOrder(first);
  const accountId = values['account_id'] ?? '';
  const path = accountPath({ merchantId: 'own', accountId });
  const services = useQuery({
    queryKey: ['own-services', path],
    queryFn: () => read<ApiPage<OwnService>>(`${path}/services`),
  });
  const account = accounts.find((one) => one.account.id === accountId) ?? first;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void check();
  };
  const known = new Set(['account_id', 'service', ...Object.keys(values)]);
  const others = Object.entries(errors).flatMap(([name, texts]) => (known.has(name) ? [] : texts));
  return (
    <div className="panels">
      <Panel title={t('order.form')}>
        <form onSubmit={submit} noValidate>
          <Stack gap="sm">
            {ordered !== undefined && <Done ordered={ordered} />}
            {others.length > 0 && (
              <Alert color="red" variant="outline" role="alert" title={t('errors.refused')}>
                {others.join(' ')}
              </Alert>
            )}
            <NativeSelect
              label={t('accounts.one')}
              value={accountId}
              error={errors['account_id']?.join(' ')}
              data={accounts.map((one) => ({ value: one.account.id, label: nameAccount(one.account) }))}
              onChange={(event) => set('account_id', event.currentTarget.value)}
            />
            <OrderFields
              values={values}
              errors={errors}
              services={services.data?.items.filter(({ enabled }) => enabled) ?? []}
              currency={account.balance.currency}
              set={set}
            />
            <TextInput
              label={t('payouts.columns.order')}
              description={t('order.idHint')}
              value={values['order_id'] ?? ''}
              error={errors['order_id']?.join(' ')}
              onChange={(event) => set('order_id', event.currentTarget.value)}
            />
            <Group justify="flex-end">
              <Button type="submit" variant="default" loading={isBusy}>
                {t('order.check')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Panel>
      <PreflightPanel checked={checked} isBusy={isBusy} onOrder={() => void order()} />
    </div>
  );
}

function Done({ ordered }: { readonly ordered: Ordered }) {
  const { t } = useTranslation();
  return (
    <Alert color="pine" variant="outline" role="status" title={t(ordered.is_replay ? 'order.replay' : 'order.done')}>
      <Link to="/payouts/$payoutId" params={{ payoutId: String(ordered.id) }}>
        {t('payout.title', { id: ordered.id })}
      </Link>
    </Alert>
  );
}
