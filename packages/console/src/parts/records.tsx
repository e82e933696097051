import type { ReactNode } from 'react';

export type Column<Row> = {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isEnd?: boolean;
  /** Its title is read, not seen: a column of buttons. */
  readonly isSilent?: boolean;
};

type RecordsProps<Row> = {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly empty: string;
};

/** A table of few rows. On a narrow screen it scrolls sideways by itself, by keyboard too. */
export function Records<Row>({ label, columns, rows, keyOf, empty }: RecordsProps<Row>) {
  if (rows.length === 0) return <p className="empty">{empty}</p>;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="records">
        <thead>
          <tr>
            {columns.map(({ title, isEnd, isSilent }) => (
              <th key={title} scope="col" className={isEnd === true ? 'end' : ''}>
                {isSilent === true ? <span className="unseen">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, cell, isEnd }) => (
                <td key={title} className={isEnd === true ? 'end' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
