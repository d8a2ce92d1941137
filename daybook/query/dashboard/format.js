/** Numbers, money, days and times in the reader's language. What is null is a dash. */

const NONE = "–";
const whole = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const points = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

const unless = (value, told) => (value === null || value === undefined ? NONE : told(value));

export const count = value => unless(value, each => whole.format(each));
/** A rate of the API; some are above 1, and told as they are. */
export const rate = value => unless(value, each => percent.format(each));
export const decimal = value => unless(value, each => points.format(each));
export const probability = value =>
  unless(value, each => (each < 0.001 ? "< 0.001" : each.toFixed(3)));
export const time = text => unless(text, each => moment.format(new Date(each)));
export const hour = text => unless(text, each => clock.format(new Date(each)));

/** A difference of two rates, in percentage points with its sign. */
export const difference = value => unless(value, each => `${sign(each)}${points.format(100 * each)}`);

const sign = value => (value > 0 ? "+" : "");

/** Minor units in a currency, by as many decimals as that currency has. */
export function money(minor, currency) {
  return unless(minor, each => style(currency).format(each / unit(currency)));
}

/** How many minor units are one of the currency. */
export function unit(currency) {
  return 10 ** style(currency).resolvedOptions().maximumFractionDigits;
}

const styles = new Map();

function style(currency) {
  if (!styles.has(currency)) {
    const named = currency ? { style: "currency", currency } : { minimumFractionDigits: 2 };
    styles.set(currency, new Intl.NumberFormat(undefined, named));
  }
  return styles.get(currency);
}

/** The calendar day of `daysAgo` before now, as a date input has it. */
export function day(daysAgo = 0, now = new Date()) {
  const local = new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
  const two = value => String(value).padStart(2, "0");
  return `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}`;
}

/** The day that a point of a series begins: the API tells it in the fleet's zone already. */
export const dayOf = timestamp => timestamp.slice(0, 10);
