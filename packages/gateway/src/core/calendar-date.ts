const form = /^(\d{4})-(\d{2})-(\d{2})$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Whether `text` is a day that exists, written `YYYY-MM-DD` (Gregorian, from year 1). Such texts sort as days do. */
export function isCalendarDate(text: string): boolean {
  const match = form.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : monthDays[month - 1];
  return year >= 1 && days !== undefined && day >= 1 && day <= days;
}
