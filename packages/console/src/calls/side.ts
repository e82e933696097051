/** Whose console this is: the address says it. Operators and people of merchants have an API and a session each. */
export const isMerchantSide = location.pathname.startsWith('/cabinet');

export const basePath = isMerchantSide ? '/cabinet' : '/console';
export const apiPath = isMerchantSide ? '/merchant/v1' : '/operator/v1';
