import type {
  ownAccountAnswer,
  ownBalanceAnswer,
  ownPostingAnswer,
  ownServiceAnswer,
} from '../../../gateway/src/http/schemas/cabinet/accounts.ts';
import type { orderedAnswer, preflightAnswer } from '../../../gateway/src/http/schemas/cabinet/order.ts';
import type {
  ownHistoryAnswer,
  ownNotificationAnswer,
  ownNotificationDetailAnswer,
  ownPayoutAnswer,
} from '../../../gateway/src/http/schemas/cabinet/payouts.ts';
import type { explanationAnswer } from '../../../gateway/src/http/schemas/cabinet/signature.ts';
import type { approvalAnswer } from '../../../gateway/src/http/schemas/operator/approvals.ts';
import type {
  ceremonyAnswer,
  factorsAnswer,
  newPasskeyAnswer,
  passkeyAnswer,
  recoveryAnswer,
  totpAnswer,
} from '../../../gateway/src/http/schemas/operator/factors.ts';
import type {
  accountLimitsAnswer,
  merchantLimitsAnswer,
  networksAnswer,
} from '../../../gateway/src/http/schemas/operator/limits.ts';
import type {
  accountAnswer,
  balanceAnswer,
  endpointAnswer,
  keyAnswer,
  merchantAnswer,
  notificationKeyAnswer,
  postingAnswer,
} from '../../../gateway/src/http/schemas/operator/merchants.ts';
import type { overviewAnswer } from '../../../gateway/src/http/schemas/operator/overview.ts';
import type { pauseAnswer, pauseWeightAnswer } from '../../../gateway/src/http/schemas/operator/pauses.ts';
import type {
  historyAnswer,
  incidentAnswer,
  notificationAnswer,
  payoutAnswer,
} from '../../../gateway/src/http/schemas/operator/payouts.ts';
import type {
  auditRowAnswer,
  auditVerdictAnswer,
  operatorAnswer,
  sessionAnswer,
  tokenAnswer,
  userAnswer,
} from '../../../gateway/src/http/schemas/operator/people.ts';
import type { accountServiceAnswer, serviceAnswer } from '../../../gateway/src/http/schemas/operator/services.ts';
import type { systemAnswer } from '../../../gateway/src/http/schemas/operator/system.ts';

/** What the operator API answers, from the very schemas the gateway checks its answers against: types only. */
type Answer<Schema extends { readonly _output: unknown }> = Schema['_output'];

export type Approval = Answer<typeof approvalAnswer>;
export type Account = Answer<typeof accountAnswer>;
export type Balance = Answer<typeof balanceAnswer>;
export type Endpoint = Answer<typeof endpointAnswer>;
export type Key = Answer<typeof keyAnswer>;
export type Merchant = Answer<typeof merchantAnswer>;
export type NotificationKey = Answer<typeof notificationKeyAnswer>;
export type Posting = Answer<typeof postingAnswer>;
export type History = Answer<typeof historyAnswer>;
export type Incident = Answer<typeof incidentAnswer>;
export type Notification = Answer<typeof notificationAnswer>;
export type Payout = Answer<typeof payoutAnswer>;
export type AuditRow = Answer<typeof auditRowAnswer>;
export type AuditVerdict = Answer<typeof auditVerdictAnswer>;
export type Operator = Answer<typeof operatorAnswer>;
export type Session = Answer<typeof sessionAnswer>;
export type Token = Answer<typeof tokenAnswer>;
export type User = Answer<typeof userAnswer>;
export type Service = Answer<typeof serviceAnswer>;
export type AccountService = Answer<typeof accountServiceAnswer>;
export type Pause = Answer<typeof pauseAnswer>;
export type PauseWeight = Answer<typeof pauseWeightAnswer>;
export type Overview = Answer<typeof overviewAnswer>;
export type System = Answer<typeof systemAnswer>;
export type AccountLimits = Answer<typeof accountLimitsAnswer>;
export type MerchantLimits = Answer<typeof merchantLimitsAnswer>;
export type Networks = Answer<typeof networksAnswer>;
export type Factors = Answer<typeof factorsAnswer>;
export type Totp = Answer<typeof totpAnswer>;
export type RecoveryCodes = Answer<typeof recoveryAnswer>;
export type Passkey = Answer<typeof passkeyAnswer>;
export type NewPasskey = Answer<typeof newPasskeyAnswer>;
export type Ceremony = Answer<typeof ceremonyAnswer>;
export type OwnAccount = Answer<typeof ownAccountAnswer>;
export type OwnBalance = Answer<typeof ownBalanceAnswer>;
export type OwnPosting = Answer<typeof ownPostingAnswer>;
export type OwnService = Answer<typeof ownServiceAnswer>;
export type OwnHistory = Answer<typeof ownHistoryAnswer>;
export type OwnNotification = Answer<typeof ownNotificationAnswer>;
export type OwnNotificationDetail = Answer<typeof ownNotificationDetailAnswer>;
export type OwnPayout = Answer<typeof ownPayoutAnswer>;
export type Ordered = Answer<typeof orderedAnswer>;
export type Preflight = Answer<typeof preflightAnswer>;
export type Explanation = Answer<typeof explanationAnswer>;
/** A payout as a line of a table: what operators see and what people of merchants see of it. */
export type PayoutRow = Omit<OwnPayout, 'account_new_balance'> &
  Partial<Pick<Payout, 'merchant_id' | 'connectors' | 'attempts'>> & { readonly state: string };
export type Page<Item> = { readonly items: Item[]; readonly next_cursor: string | null };
