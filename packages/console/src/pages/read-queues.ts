import { useQuery } from '@tanstack/react-query';
import type { Approval, Incident, Notification, Page, Payout } from '../calls/answers.ts';
import { read } from '../calls/call.ts';
import { pollEvery } from '../calls/poll.ts';
import { isMerchantSide } from '../calls/side.ts';

const everyMs = 10_000;
const limit = 50;

function useQueue<Item>(name: string, path: string) {
  return useQuery({
    queryKey: ['queue', name],
    enabled: !isMerchantSide,
    queryFn: () => read<Page<Item>>(`${path}limit=${limit}`),
    refetchInterval: pollEvery(everyMs),
  });
}

/** What waits for a person, the newest of each: the side bar counts it, the pages show it. */
export function useQueues() {
  return {
    reviews: useQueue<Payout>('reviews', '/payouts?state=review&'),
    dead: useQueue<Notification>('dead', '/notifications/dead?'),
    incidents: useQueue<Incident>('incidents', '/incidents?open=true&'),
    approvals: useQueue<Approval>('approvals', '/approvals?state=pending&'),
  };
}

/** `3`, `50+` when there are more, nothing when there is none. */
export function countText(page: Page<unknown> | undefined): string {
  if (page === undefined || page.items.length === 0) return '';
  return `${page.items.length}${page.next_cursor === null ? '' : '+'}`;
}
