import type { CommissionRule } from '../core/commission.ts';
import { findCurrency } from '../core/currency.ts';
import { type Problem, Refusal } from '../core/problem.ts';
import type { RecipientKind, Service } from '../core/service.ts';
import type { Sql, Tx } from '../db/pool.ts';
import { readAccount } from './accounts.ts';
import { narrowLimits } from './load.ts';

/** What one account may do with a service. Limits narrow those of the service; null leaves them as they are. */
export type AccountService = {
  readonly serviceCode: string;
  readonly enabled: boolean;
  readonly commission: CommissionRule;
  readonly minMinor: bigint | null;
  readonly maxMinor: bigint | null;
};

type ServiceRow = Omit<Service, 'names'> & { readonly nameEn: string; readonly nameRu: string };

const serviceColumns = `service_code as code, method, currency, recipient_kind as "recipientKind",
  min_minor as "minMinor", max_minor as "maxMinor", connectors, name_en as "nameEn", name_ru as "nameRu", enabled`;

/** The whole catalogue in the order of the codes. */
export async function listServices(sql: Sql): Promise<Service[]> {
  const rows = await sql.query<ServiceRow>(`select ${serviceColumns} from service order by service_code`);
  return rows.map(toService);
}

/** Throws a Refusal when the code is taken, the currency unknown or the limits are crossed. */
export async function createService(tx: Tx, service: Service): Promise<Service> {
  const problems: Problem[] = checkLimits(service);
  if (findCurrency(service.currency) === undefined) problems.push({ code: 'currency_unknown', field: 'currency' });
  if (problems.length > 0) throw new Refusal(problems);
  const rows = await insertServices(tx, [service]);
  if (rows === 0) throw new Refusal([{ code: 'record_exists', field: 'service_code' }]);
  return readService(tx, service.code);
}

/** Adds the services that are missing and leaves the others as an operator set them. Returns how many were added. */
export async function seedServices(tx: Tx, services: readonly Service[]): Promise<number> {
  const present = await tx.query<{ code: string }>('select service_code as code from service');
  const codes = new Set(present.map((row) => row.code));
  const missing = services.filter((service) => !codes.has(service.code));
  return missing.length === 0 ? 0 : insertServices(tx, missing);
}

async function insertServices(tx: Tx, services: readonly Service[]): Promise<number> {
  const rows = services.map((service) => ({
    service_code: service.code,
    method: service.method,
    currency: service.currency,
    recipient_kind: service.recipientKind,
    min_minor: service.minMinor.toString(),
    max_minor: service.maxMinor?.toString() ?? null,
    connectors: service.connectors,
    name_en: service.names.en,
    name_ru: service.names.ru,
    enabled: service.enabled,
  }));
  const added = await tx.query(
    `insert into service (service_code, method, currency, recipient_kind, min_minor, max_minor, connectors, name_en,
       name_ru, enabled)
     select service_code, method, currency, recipient_kind, min_minor, max_minor, connectors, name_en, name_ru, enabled
     from json_populate_recordset(null::service, $1) on conflict (service_code) do nothing returning service_code`,
    [JSON.stringify(rows)],
  );
  return added.length;
}

/** What may change of a service; its code, currency and recipient kind may not: payouts were made by them. */
export type ServiceChange = {
  readonly code: string;
  readonly minMinor?: bigint | undefined;
  readonly maxMinor?: bigint | null | undefined;
  readonly connectors?: readonly string[] | undefined;
  readonly names?: { readonly en?: string | undefined; readonly ru?: string | undefined } | undefined;
  readonly enabled?: boolean | undefined;
};

/** Absent values stay as they are. Throws a Refusal when there is no such service or the limits are crossed. */
export async function updateService(tx: Tx, change: ServiceChange): Promise<Service> {
  const present = await readService(tx, change.code, 'for update');
  const next: Service = {
    ...present,
    minMinor: change.minMinor ?? present.minMinor,
    maxMinor: change.maxMinor === undefined ? present.maxMinor : change.maxMinor,
    connectors: change.connectors ?? present.connectors,
    names: { en: change.names?.en ?? present.names.en, ru: change.names?.ru ?? present.names.ru },
    enabled: change.enabled ?? present.enabled,
  };
  const problems = checkLimits(next);
  if (problems.length > 0) throw new Refusal(problems);
  await tx.query(
    `update service set min_minor = $2, max_minor = $3, connectors = $4, name_en = $5, name_ru = $6, enabled = $7
     where service_code = $1`,
    [next.code, next.minMinor, next.maxMinor, next.connectors, next.names.en, next.names.ru, next.enabled],
  );
  return next;
}

/** Throws a Refusal when there is no such service. */
export async function readService(sql: Sql, code: string, lock: '' | 'for update' = ''): Promise<Service> {
  const [row] = await sql.query<ServiceRow>(`select ${serviceColumns} from service where service_code = $1 ${lock}`, [
    code,
  ]);
  if (row === undefined) throw new Refusal([{ code: 'record_unknown', field: 'service_code' }]);
  return toService(row);
}

type AccountServiceRow = ServiceRow & {
  readonly use: { enabled: boolean; percentPpm: number; bearer: CommissionRule['bearer'] } | null;
  readonly fixedMinor: bigint | null;
  readonly commissionMinMinor: bigint | null;
  readonly commissionMaxMinor: bigint | null;
  readonly ownMinMinor: bigint | null;
  readonly ownMaxMinor: bigint | null;
};

/** Every service of the account's currency with the account's own setting of it, if there is one. */
export async function listAccountServices(
  sql: Sql,
  account: { merchantId: bigint; accountId: string },
): Promise<{ service: Service; use: AccountService | undefined }[]> {
  const { currency } = await readAccount(sql, account);
  const rows = await sql.query<AccountServiceRow>(
    `select s.service_code as code, s.method, s.currency, s.recipient_kind as "recipientKind",
       s.min_minor as "minMinor",
       s.max_minor as "maxMinor", s.connectors, s.name_en as "nameEn", s.name_ru as "nameRu", s.enabled,
       case when r.service_code is not null then
         json_build_object('enabled', r.enabled, 'percentPpm', r.percent_ppm, 'bearer', r.bearer) end as use,
       r.fixed_minor as "fixedMinor", r.commission_min_minor as "commissionMinMinor",
       r.commission_max_minor as "commissionMaxMinor", r.min_minor as "ownMinMinor", r.max_minor as "ownMaxMinor"
     from service s
     left join account_service r on r.merchant_id = $1 and r.account_id = $2 and r.service_code = s.service_code
     where s.currency = $3 order by s.service_code`,
    [account.merchantId, account.accountId, currency],
  );
  return rows.map((row) => ({ service: toService(row), use: toUse(row) }));
}

function toUse(row: AccountServiceRow): AccountService | undefined {
  if (row.use === null) return undefined;
  return {
    serviceCode: row.code,
    enabled: row.use.enabled,
    commission: {
      percentPpm: row.use.percentPpm,
      fixedMinor: row.fixedMinor ?? 0n,
      minMinor: row.commissionMinMinor ?? 0n,
      maxMinor: row.commissionMaxMinor,
      bearer: row.use.bearer,
    },
    minMinor: row.ownMinMinor,
    maxMinor: row.ownMaxMinor,
  };
}

const noCommission: CommissionRule = {
  percentPpm: 0,
  fixedMinor: 0n,
  minMinor: 0n,
  maxMinor: null,
  bearer: 'account',
};

/**
 * Sets what an account may do with a service; the whole setting is replaced. Throws a Refusal when the service or the
 * account is unknown, the currencies differ, or limits are crossed.
 */
export async function setAccountService(
  tx: Tx,
  input: { merchantId: bigint; accountId: string } & Partial<AccountService> & Pick<AccountService, 'serviceCode'>,
): Promise<AccountService> {
  const account = await readAccount(tx, input);
  const service = await readService(tx, input.serviceCode);
  const { enabled = true, commission = noCommission, minMinor = null, maxMinor = null } = input;
  const problems: Problem[] = checkLimits(narrowLimits(service, { minMinor, maxMinor }));
  if (service.currency !== account.currency) {
    const values = { serviceCurrency: service.currency, accountCurrency: account.currency };
    problems.push({ code: 'service_other_currency', field: 'service_code', values });
  }
  if (commission.maxMinor !== null && commission.maxMinor < commission.minMinor) {
    problems.push({ code: 'limits_crossed', field: 'commission.max' });
  }
  if (problems.length > 0) throw new Refusal(problems);
  const { percentPpm, fixedMinor, bearer } = commission;
  await tx.query(
    `insert into account_service (merchant_id, account_id, service_code, enabled, percent_ppm, fixed_minor,
       commission_min_minor, commission_max_minor, bearer, min_minor, max_minor)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (merchant_id, account_id, service_code) do update set enabled = excluded.enabled,
       percent_ppm = excluded.percent_ppm, fixed_minor = excluded.fixed_minor,
       commission_min_minor = excluded.commission_min_minor, commission_max_minor = excluded.commission_max_minor,
       bearer = excluded.bearer, min_minor = excluded.min_minor, max_minor = excluded.max_minor`,
    [
      account.merchantId,
      account.accountId,
      service.code,
      enabled,
      percentPpm,
      fixedMinor,
      commission.minMinor,
      commission.maxMinor,
      bearer,
      minMinor,
      maxMinor,
    ],
  );
  return { serviceCode: service.code, enabled, commission, minMinor, maxMinor };
}

function checkLimits(limits: { minMinor: bigint; maxMinor: bigint | null }): Problem[] {
  const isCrossed = limits.maxMinor !== null && limits.maxMinor < limits.minMinor;
  return isCrossed ? [{ code: 'limits_crossed', field: 'max' }] : [];
}

function toService(row: ServiceRow): Service {
  const { code, method, currency, minMinor, maxMinor, connectors, enabled } = row;
  const recipientKind: RecipientKind = row.recipientKind;
  const names = { en: row.nameEn, ru: row.nameRu };
  return { code, method, currency, recipientKind, minMinor, maxMinor, connectors, names, enabled };
}
