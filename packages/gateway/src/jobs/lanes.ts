/** How many jobs of each lane are in hand. The empty lane has no limit. */
export type Lanes = {
  /** Whether there was room; if so it is taken. */
  take(lane: string): boolean;
  release(lane: string): void;
  /** Lanes without room. */
  full(): string[];
};

export function createLanes(jobsMax: number): Lanes {
  const counts = new Map<string, number>();
  const hasRoom = (lane: string): boolean => lane === '' || (counts.get(lane) ?? 0) < jobsMax;
  return {
    take(lane) {
      if (!hasRoom(lane)) return false;
      counts.set(lane, (counts.get(lane) ?? 0) + 1);
      return true;
    },
    release(lane) {
      const count = (counts.get(lane) ?? 1) - 1;
      if (count === 0) counts.delete(lane);
      else counts.set(lane, count);
    },
    full: () => [...counts.keys()].filter((lane) => !hasRoom(lane)),
  };
}
