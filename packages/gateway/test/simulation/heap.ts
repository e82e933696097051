/** The smallest of what was put in comes out first. */
export type Heap<T> = { push(entry: T): void; pop(): T | undefined; first(): T | undefined };

export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  const entries: T[] = [];

  function isEarlier(a: number, b: number): boolean {
    const [x, y] = [entries[a], entries[b]];
    return x !== undefined && y !== undefined && isBefore(x, y);
  }

  function swap(a: number, b: number): void {
    const [x, y] = [entries[a], entries[b]];
    if (x === undefined || y === undefined) return;
    entries[a] = y;
    entries[b] = x;
  }

  return {
    first: () => entries[0],
    push(entry) {
      entries.push(entry);
      for (let at = entries.length - 1; at > 0; ) {
        const above = (at - 1) >> 1;
        if (!isEarlier(at, above)) return;
        swap(at, above);
        at = above;
      }
    },
    pop() {
      const top = entries[0];
      const last = entries.pop();
      if (last === undefined || entries.length === 0) return top;
      entries[0] = last;
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let least = at;
        if (isEarlier(left, least)) least = left;
        if (isEarlier(right, least)) least = right;
        if (least === at) return top;
        swap(at, least);
        at = least;
      }
    },
  };
}
