import ipaddr from 'ipaddr.js';

/** An address range in a form that is quick to compare with. */
export type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** `203.0.113.7` and `203.0.113.7/24` as the network they name; undefined for anything but plain spellings. */
export function normaliseNetwork(text: string): string | undefined {
  const [address = '', bits, ...rest] = text.trim().split('/');
  // Only the plain spelling: `010.0.0.1` means different addresses to different programs.
  const isFour = ipaddr.IPv4.isValidFourPartDecimal(address) && !/(?:^|\.)0\d/.test(address);
  if (!isFour && (address.includes('%') || !ipaddr.IPv6.isValid(address))) return undefined;
  const bitsMax = isFour ? 32 : 128;
  const length = bits ?? String(bitsMax);
  if (rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > bitsMax) return undefined;
  const kind = isFour ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${kind.networkAddressFromCIDR(`${address}/${length}`).toString()}/${length}`;
}

export function toNetwork(cidr: string): Network {
  return ipaddr.parseCIDR(cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`);
}

/** An IPv4 address may arrive in its IPv6 form. What is no address is in no network. */
export function isAddressIn(networks: readonly Network[], address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match([network, bits]));
}
