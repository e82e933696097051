import codes from 'i18n-iso-countries/codes.json' with { type: 'json' };

const two = new Set<string>();
const three = new Set<string>();
for (const [alphaTwo, alphaThree] of codes) {
  if (alphaTwo !== undefined) two.add(alphaTwo);
  if (alphaThree !== undefined) three.add(alphaThree);
}

/** An ISO 3166-1 alpha-2 code, upper case: `UA`. */
export function isCountryTwo(text: string): boolean {
  return two.has(text);
}

/** An ISO 3166-1 alpha-3 code, upper case: `DEU`. */
export function isCountryThree(text: string): boolean {
  return three.has(text);
}
