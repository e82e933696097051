/** An ISO 4217 currency and how many minor digits it has. */
export type Currency = { readonly code: string; readonly digits: 0 | 2 | 3 | 4 };

/**
 * ISO 4217 list one as of January 2026, without metals, funds of test, and units of account that have no minor unit.
 * The digits are ISO's. CLDR, and so `Intl`, shows some with none (HUF, IDR, IQD, …): that is a habit of display.
 */
const codesByDigits: ReadonlyMap<Currency['digits'], string> = new Map([
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
     COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
     INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
     MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
     STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
]);

/** Every active currency by its upper-case code. */
export const currencies: Readonly<Record<string, Currency>> = Object.freeze(
  Object.fromEntries(
    [...codesByDigits].flatMap(([digits, codes]) =>
      codes.split(/\s+/).map((code) => [code, Object.freeze({ code, digits })] as const),
    ),
  ),
);

/** The currency of an upper-case ISO 4217 code, if it is an active one. */
export function findCurrency(code: string): Currency | undefined {
  return Object.hasOwn(currencies, code) ? currencies[code] : undefined;
}
