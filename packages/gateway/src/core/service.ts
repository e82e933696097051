/** How a service says who is paid, and therefore how `number` is checked. */
export type RecipientKind = 'card' | 'phone' | 'sbp_phone' | 'wallet_phone' | 'iban' | 'russian_account' | 'text';

export const recipientKinds: readonly RecipientKind[] = [
  'card',
  'phone',
  'sbp_phone',
  'wallet_phone',
  'iban',
  'russian_account',
  'text',
];

/** Something one can pay to. It is data, not code: operators add their own beside the shipped catalogue. */
export type Service = {
  /** `<method>_<currency>`, as on the wire: `payment_card_rub`. */
  readonly code: string;
  readonly method: string;
  /** ISO 4217, upper case. */
  readonly currency: string;
  readonly recipientKind: RecipientKind;
  /** Limits in minor units of the currency, both inclusive; null is no maximum. */
  readonly minMinor: bigint;
  readonly maxMinor: bigint | null;
  /** Codes of the connectors that may carry it, in the order they are tried. */
  readonly connectors: readonly string[];
  readonly names: { readonly en: string; readonly ru: string };
  readonly enabled: boolean;
};
