/** A request that waits for its answer. */
export type Turn = {
  /** It was answered for us: whatever comes now is too late. */
  readonly isLate: boolean;
  /** Its answer is there, or it needs none any more. */
  end(): void;
};

export type Deadlines = {
  /** `onLate` answers the request when nobody else did in time. */
  begin(onLate: () => void): Turn;
};

/** How much later than asked for it may be: a timer of its own for each request costs more than reading its order. */
const graceMs = 250;

/** Requests that may all take equally long: the first one to begin is the first one to be late. */
export function createDeadlines(options: { readonly withinMs: number; readonly monotonicMs: () => number }): Deadlines {
  const { withinMs, monotonicMs } = options;
  const open = new Set<OpenTurn>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const now = monotonicMs();
    for (const turn of open) {
      if (turn.dueMs > now) return;
      turn.isLate = true;
      turn.end();
      turn.onLate();
    }
    clearInterval(timer);
    timer = undefined;
  }

  return {
    begin(onLate) {
      const turn = new OpenTurn(open, { dueMs: monotonicMs() + withinMs, onLate });
      open.add(turn);
      timer ??= setInterval(look, graceMs).unref();
      return turn;
    },
  };
}

class OpenTurn implements Turn {
  isLate = false;
  readonly dueMs: number;
  readonly onLate: () => void;
  readonly open: Set<OpenTurn>;

  constructor(open: Set<OpenTurn>, given: { readonly dueMs: number; readonly onLate: () => void }) {
    this.open = open;
    this.dueMs = given.dueMs;
    this.onLate = given.onLate;
  }

  end(): void {
    this.open.delete(this);
  }
}
