import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Account, Balance, Page as ApiPage, Posting } from '../calls/answers.ts';
import { change, read } from '../calls/call.ts';
import { accountPath, withQuery } from '../calls/paths.ts';
import { pollEvery } from '../calls/poll.ts';
import { useAddress } from '../navigation.ts';
import { Act } from '../parts/act.tsx';
import { Amount } from '../parts/amount.tsx';
import { Facts } from '../parts/facts.tsx';
import { Moment } from '../parts/moment.tsx';
import { Loaded, Page, Panel } from '../parts/page.tsx';
import { PayoutLink } from '../parts/payouts.tsx';
import { Records } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { useMay } from '../session.tsx';
import { AccountServices } from './account-services.tsx';
import { AccountLimitsPanel } from './limits.tsx';
import { PauseAccount } from './pauses.tsx';

/** An account with its money: what there is, how it got there, and what a payout costs. */
export function AccountPage() {
  const { t } = useTranslation();
  const { merchantId, accountId } = useAddress();
  const path = accountPath({ merchantId, accountId });
  const query = useQuery({ queryKey: ['account', path], queryFn: () => read<Account>(path) });
  const name = query.data?.name ?? '';
  return (
    <Page
      title={name === '' ? t('accounts.one') : name}
      actions={query.data !== undefined && <AccountActs account={query.data} path={path} />}
    >
      <Loaded query={query} rows={6}>
        {(account) => (
          <>
            <BalancePanel account={account} path={path} />
            <AccountServices account={account} path={path} />
            <AccountLimitsPanel account={account} path={path} />
            <Statement account={account} path={path} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

type OfAccount = { readonly account: Account; readonly path: string };

function AccountActs({ account, path }: OfAccount) {
  const { t } = useTranslation();
  const mayChange = useMay('operator');
  const states = ['active', 'disabled'].map((value) => ({ value, label: t(`states.${value}`) }));
  const methods = ['POST', 'GET'].map((value) => ({ value, label: value }));
  const fields = [
    { name: 'name', label: t('accounts.name'), value: account.name },
    { name: 'state', label: t('accounts.state'), kind: 'choice', value: account.state, choices: states },
    {
      name: 'notification_method',
      label: t('accounts.method'),
      kind: 'choice',
      value: account.notification_method,
      choices: methods,
    },
  ] as const;
  return (
    <>
      <State value={account.state} />
      <Link to="/merchants/$merchantId" params={{ merchantId: String(account.merchant_id) }}>
        {t('merchants.one', { id: account.merchant_id })}
      </Link>
      <Link to="/payouts" search={{ account_id: account.id }}>
        {t('pages.payouts')}
      </Link>
      {mayChange && <PauseAccount merchantId={account.merchant_id} accountId={account.id} />}
      {mayChange && (
        <Act
          title={t('accounts.change')}
          submit={t('save')}
          fields={fields}
          done={t('saved')}
          run={(values) => change('PATCH', path, values)}
        />
      )}
    </>
  );
}

function BalancePanel({ account, path }: OfAccount) {
  const { t } = useTranslation();
  const mayMove = useMay('approver');
  const query = useQuery({
    queryKey: ['balance', path],
    queryFn: () => read<Balance>(`${path}/balance`),
    refetchInterval: pollEvery(3_000),
  });
  const shown = ['available', 'held', 'clearing', 'frozen', 'reserve', 'paid', 'commission'] as const;
  return (
    <Panel title={t('accounts.balance')} actions={mayMove && <Movements account={account} path={path} />}>
      <Loaded query={query} rows={2}>
        {(balance) => (
          <Facts
            facts={[
              ...shown.map(
                (name) => [t(`ledger.${name}`), <Amount value={balance[name]} currency={balance.currency} />] as const,
              ),
              [t('accounts.id'), <span className="long">{account.id}</span>],
              [t('accounts.mode'), t(`modes.${account.mode}`)],
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

const movements = ['top-ups', 'withdrawals', 'freezes', 'unfreezes'] as const;

function Movements({ account, path }: OfAccount) {
  return movements.map((noun) => <Movement key={noun} noun={noun} currency={account.currency} path={path} />);
}

type MovementProps = { readonly noun: (typeof movements)[number]; readonly currency: string; readonly path: string };

/** The key is made once per opened form, so pressing twice or trying again after an error moves money once. */
function Movement({ noun, currency, path }: MovementProps) {
  const { t } = useTranslation();
  return (
    <Act
      title={t(`movements.${noun}.title`)}
      submit={t(`movements.${noun}.title`)}
      text={t(`movements.${noun}.text`)}
      isDanger={noun === 'withdrawals'}
      fields={[
        { name: 'amount', label: t('movements.amount', { currency }), kind: 'amount' },
        { name: 'reason', label: t('movements.reason'), kind: 'text' },
        {
          name: 'request_key',
          label: t('movements.key'),
          hint: t('movements.keyHint'),
          value: `console-${crypto.randomUUID()}`,
        },
      ]}
      done={t('movements.done')}
      run={({ amount = '', ...rest }) =>
        change('POST', `${path}/${noun}`, { ...rest, amount: amount.trim().replace(',', '.') })
      }
    />
  );
}

function Statement({ account, path }: OfAccount) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['statement', path],
    queryFn: ({ pageParam }) =>
      read<ApiPage<Posting>>(withQuery(`${path}/statement`, { cursor: pageParam, limit: 50 })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <Panel title={t('accounts.statement')} isBare>
      <Loaded query={query}>
        {({ pages }) => <Postings rows={pages.flatMap(({ items }) => items)} account={account} />}
      </Loaded>
      {query.hasNextPage && (
        <Button variant="default" m="sm" loading={query.isFetching} onClick={() => void query.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </Panel>
  );
}

function Postings({ rows, account }: { readonly rows: readonly Posting[]; readonly account: Account }) {
  const { t } = useTranslation();
  const { currency } = account;
  return (
    <Records
      label={t('accounts.statement')}
      rows={rows}
      empty={t('accounts.noPostings')}
      keyOf={({ id }) => id}
      columns={[
        { title: t('createdAt'), cell: (one) => <Moment value={one.created_at} /> },
        { title: t('statement.kind'), cell: ({ kind }) => t(`postings.${kind}`, { defaultValue: kind }) },
        {
          title: t('payouts.columns.id'),
          cell: (one) => (one.payout_id === null ? '—' : <PayoutLink id={one.payout_id} />),
        },
        { title: t('statement.actor'), cell: ({ actor }) => actor },
        { title: t('statement.reason'), cell: ({ reason }) => <span className="hostile">{reason ?? '—'}</span> },
        {
          title: t('statement.change'),
          isEnd: true,
          cell: (one) => <Amount value={one.changes.available} currency={currency} />,
        },
        {
          title: t('statement.after'),
          isEnd: true,
          cell: (one) => <Amount value={one.available_after} currency={currency} />,
        },
      ]}
    />
  );
}
