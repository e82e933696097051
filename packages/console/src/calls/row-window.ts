/** Browsers draw nothing taller than some ten million pixels. */
const heightMax = 15_000_000;
const overscan = 10;
/** Rows come and go by this many: most steps of the wheel then change nothing in the document. */
const stride = 8;

export type RowWindow = {
  /** The first row to draw and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** The first and the last row that can be seen. */
  readonly firstRow: number;
  readonly lastRow: number;
  /** Whether the list is taller than can be drawn: then the rows move with each step. */
  readonly isPressed: boolean;
  /** Of the whole list, in pixels. */
  readonly height: number;
  /** Where the first drawn row stands, in pixels from the top of the list. */
  readonly top: number;
};

type Scrolled = {
  readonly scrollTop: number;
  readonly viewHeight: number;
  readonly rowHeight: number;
  readonly count: number;
};

/**
 * Which rows of a long list are drawn, and where. A list that is taller than a browser can draw is pressed together:
 * a step of the scroll bar is then several rows' worth, and the rows keep their height.
 */
export function findWindow({ scrollTop, viewHeight, rowHeight, count }: Scrolled): RowWindow {
  const whole = count * rowHeight;
  const height = Math.min(whole, heightMax);
  const travel = Math.max(1, height - viewHeight);
  const at = Math.min(Math.max(0, scrollTop), travel);
  const virtual = height === whole ? at : (at / travel) * (whole - viewHeight);
  const firstRow = Math.min(Math.max(0, count - 1), Math.floor(virtual / rowHeight));
  const lastRow = Math.min(count - 1, Math.floor((virtual + viewHeight - 1) / rowHeight));
  const from = Math.floor(Math.max(0, firstRow - overscan) / stride) * stride;
  const to = Math.min(count, Math.ceil((lastRow + 1 + overscan) / stride) * stride);
  return { from, to, firstRow, lastRow, isPressed: height !== whole, height, top: from * rowHeight - virtual + at };
}
