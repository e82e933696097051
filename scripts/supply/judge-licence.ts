/**
 * Licences that code of others may have here. Those of `tools` are for programs that build and test: nothing of them is
 * part of what is installed, or of what anybody is given.
 */
export const allowedLicences: readonly string[] = [
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'CC0-1.0',
];
export const allowedOfTools: readonly string[] = [...allowedLicences, 'MPL-2.0', 'PSF-2.0'];

/** An SPDX expression as it is written by the book: some packages write `or`. Undefined: the package names none. */
export function readLicence(text: string | undefined): string | undefined {
  return text
    ?.trim()
    .replace(/^\(([^()]*)\)$/, '$1')
    .replaceAll(/ or /gi, ' OR ')
    .replaceAll(/ and /gi, ' AND ');
}

/**
 * Of alternatives one has to be allowed, of what counts together all. An expression with parentheses inside is not read
 * but refused: taken apart at its words it could seem to say less than it does.
 */
export function isAllowed(licence: string | undefined, allowed: readonly string[]): boolean {
  if (licence === undefined || licence === '' || /[()]/.test(licence)) return false;
  return licence.split(' OR ').some((one) => one.split(' AND ').every((part) => allowed.includes(part)));
}
