import { type Problem, Refusal } from '../../../core/problem.ts';
import type { AccountEntry } from '../../../merchants/directory.ts';
import { refusalBody } from '../../errors.ts';
import { orderedAnswer, orderForm, preflightAnswer, toOrderJson, writePreflight } from '../../schemas/cabinet/order.ts';
import type { OrderRequest } from '../merchant/create.ts';
import { type Call, defineAct, defineRead, type Needs, type OperatorRoute, readingByPost } from '../operator/route.ts';
import { nameAccount } from '../operator/subject.ts';
import { merchantOf } from './own.ts';

const role = 'merchant';

type OrderCall = Pick<Call<never, never, typeof orderForm>, 'body' | 'operator'>;

/** Foreign accounts are as unknown as those that do not exist. */
async function findOwnAccount(needs: Needs, call: OrderCall): Promise<AccountEntry> {
  const account = await needs.directory.findAccount(call.body.account_id);
  if (account !== undefined && account.merchantId === merchantOf(call)) return account;
  throw new Refusal([{ code: 'record_unknown', field: 'account_id' }]);
}

async function toRequest(needs: Needs, call: OrderCall): Promise<OrderRequest> {
  const account = await findOwnAccount(needs, call);
  return { account, json: toOrderJson(call.body), receivedMs: needs.monotonicMs() };
}

/** People order by the same way as programs: the same checks, the same record of the order_id, the same hold. */
export const ownOrderRoutes: readonly OperatorRoute[] = [
  readingByPost(
    defineRead({
      name: 'payout.preflight',
      path: '/payouts/preflight',
      role,
      summary: 'Check an order and what it costs; nothing is held',
      body: orderForm,
      answer: preflightAnswer,
      async handle(needs, call) {
        const request = await toRequest(needs, call);
        const found = await needs.preflightOrder(request);
        const errors = found.problems.length === 0 ? {} : refusalBody(found.problems, call.language).errors;
        return writePreflight(found, { errors, currency: request.account.currency.code });
      },
    }),
  ),
  defineAct({
    name: 'payout.order',
    method: 'POST',
    path: '/payouts',
    role,
    summary: 'Order a payout; the same order again answers the payout that it has',
    body: orderForm,
    answer: orderedAnswer,
    async prepare(needs, call) {
      const request = await toRequest(needs, call);
      const { problems, mask = '' } = await needs.preflightOrder(request);
      if (problems.length > 0) throw new Refusal(problems);
      const { order_id: orderId, amount, service, account_id: accountId } = call.body;
      return {
        subject: nameAccount({ merchantId: merchantOf(call), accountId }),
        detail: { order_id: orderId, amount, service, recipient: mask },
        act: async (): Promise<Done> => {
          const ordered = await needs.orderPayout(request);
          if (ordered.kind === 'created') return { ok: true, payoutId: ordered.payoutId, isReplay: ordered.isReplay };
          if (ordered.kind === 'unknown') return refused({ code: 'outcome_unknown', field: 'request' });
          const [problem = { code: 'unavailable_now', field: 'request' } as const] = ordered.problems;
          return { ...refused(problem), problems: ordered.problems };
        },
      };
    },
    finish: (_needs, _call, { payoutId, isReplay }: Extract<Done, { ok: true }>) =>
      Promise.resolve({ id: Number(payoutId), payment_status: 'wait' as const, is_replay: isReplay }),
  }),
];

type Done =
  | { readonly ok: true; readonly payoutId: bigint; readonly isReplay: boolean }
  | { readonly ok: false; readonly problem: Problem; readonly problems?: readonly Problem[] };

function refused(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem };
}
