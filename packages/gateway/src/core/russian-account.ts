/**
 * Russian account numbers: twenty digits whose ninth is a key over the account and the bank's BIC
 * (Bank of Russia, order of 8 September 1997 No. 515, kept in force for the computation of the key).
 */
const weights = [7, 1, 3] as const;

/** Whether a nine-digit BIC and a twenty-digit account fit each other. Both must already be decimal digits. */
export function isRussianAccountKeyValid(bic: string, account: string): boolean {
  const digits = branchDigits(bic) + account;
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    sum += (digits.charCodeAt(at) - 48) * (weights[at % 3] ?? 0);
  }
  return sum % 10 === 0;
}

/** A bank gives the last three digits of its BIC; a settlement centre (000 to 002) gives 0 and its fifth and sixth. */
function branchDigits(bic: string): string {
  const last = bic.slice(6);
  return last === '000' || last === '001' || last === '002' ? `0${bic.slice(4, 6)}` : last;
}
