/** Line drawings on a grid of 24, drawn for this console. */
const drawings = {
  overview: 'M4 13h6V4H4zM14 20h6V11h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
  payouts: 'M4 7h13l-3-3M20 17H7l3 3',
  reviews: 'M12 8v5M12 16.5v.5M12 3l9.5 17h-19z',
  approvals: 'M5 13l4 4L19 7',
  notifications: 'M4 6h16v12H4zM4 7l8 6 8-6',
  incidents: 'M13 3L5 14h6l-1 7 8-11h-6z',
  merchants: 'M4 10l1.5-5h13L20 10M5 10v10h14V10M4 10h16M10 20v-6h4v6',
  services: 'M3 7h18v11H3zM3 11h18M6.5 15H10',
  pauses: 'M8 5v14M16 5v14',
  system: 'M4 5h16v6H4zM4 14h16v6H4zM7.5 8h.1M7.5 17h.1',
  users:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6' +
    'M16 4.5a3.5 3.5 0 0 1 0 6M18 14.4c2.2.8 3.5 2.7 3.5 5.6',
  auditLog: 'M6 3h9l4 4v14H6zM9.5 9H15M9.5 13H15M9.5 17H13',
  own: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.5-4.5 3.5-6.5 7.5-6.5s7 2 7.5 6.5',
  menu: 'M4 6h16M4 12h16M4 18h16',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  sun:
    'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22' +
    'M5 5l1.7 1.7M17.3 17.3L19 19M5 19l1.7-1.7M17.3 6.7L19 5',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14',
  leave: 'M10 4H5v16h5M15 8l4 4-4 4M19 12H9',
  columns: 'M4 5h16v14H4zM9.5 5v14M15 5v14',
  accounts: 'M3 6h15v3M3 6v13h18V9H3M16.5 14h.1',
  keys: 'M8 14.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 10.5h9M18 10.5v4M15 10.5v3',
  endpoints:
    'M9 15a4 4 0 0 1 0-5.6l2.5-2.5a4 4 0 0 1 5.6 5.6L15.6 14M15 9a4 4 0 0 1 0 5.6l-2.5 2.5a4 4 0 0 1-5.6-5.6L8.4 10',
  order: 'M12 5v14M5 12h14',
  debugger: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20',
  integration: 'M8 7l-5 5 5 5M16 7l5 5-5 5',
} as const;

export type IconName = keyof typeof drawings;

/** Beside a text that says the same, so it is not read out. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={drawings[name]} />
    </svg>
  );
}
