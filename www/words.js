// Times in words. All are whole seconds; dates are those of UTC, so that two people read the same.

const UNITS = [
  ["year", 365 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** A length of time in one unit or two, in seconds only where it is under two minutes. */
export function duration(seconds) {
  let rest = Math.abs(seconds);
  if (rest < 1) return "no time";
  const units = rest < 120 ? UNITS.slice(-1) : UNITS.slice(0, -1);
  const first = units.findIndex(([, size]) => rest >= size);
  return units
    .slice(first, first + 2)
    .map(([name, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count > 0 ? plural(count, name) : "";
    })
    .filter(Boolean)
    .join(" ");
}

export function plural(count, name) {
  return `${count.toLocaleString("en")} ${name}${count === 1 ? "" : "s"}`;
}

/** How far from now, in either direction. */
export function relative(at, now) {
  if (at === now) return "now";
  return at > now ? `in ${duration(at - now)}` : `${duration(now - at)} ago`;
}

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium", timeZone: "UTC" });

/** The date, and the same for a machine; none where no calendar reaches. */
export function date(at) {
  const moment = new Date(at * 1000);
  const year = Number.isNaN(moment.getTime()) ? Infinity : moment.getUTCFullYear();
  if (year < 0 || year > 9999) return null;
  return { text: `${DATE.format(moment)} UTC`, machine: moment.toISOString() };
}
