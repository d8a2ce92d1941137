/** Formats numbers, money, days and times in the browser's language; null is a dash. */

import { DIGITS } from "./currencies.js";

const NONE = "–";
const whole = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const points = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

const orDash = (value, format) => (value === null || value === undefined ? NONE : format(value));

export const count = value => orDash(value, number => whole.format(number));
/** A rate of the API as a percentage; some rates exceed 1. */
export const rate = value => orDash(value, number => percent.format(number));
export const decimal = value => orDash(value, number => points.format(number));
export const probability = value =>
  orDash(value, number => (number < 0.001 ? "< 0.001" : number.toFixed(3)));
export const time = text => orDash(text, timestamp => moment.format(new Date(timestamp)));
export const hour = text => orDash(text, timestamp => clock.format(new Date(timestamp)));

/** A difference of two rates in percentage points, with its sign. */
export const difference = value =>
  orDash(value, number => `${sign(number)}${points.format(100 * number)}`);

const sign = value => (value > 0 ? "+" : "");

/** An amount in minor units, with as many decimals as the currency has. */
export function money(minor, currency) {
  return orDash(minor, amount => style(currency).format(amount / unit(currency)));
}

/** The number of minor units in one unit of the currency. */
export function unit(currency) {
  return 10 ** digits(currency);
}

/** The currency's decimals by ISO 4217; those that browsers know follow custom instead. */
const digits = currency => DIGITS[currency] ?? 2;

const styles = new Map();

function style(currency) {
  if (!styles.has(currency)) {
    const places = digits(currency);
    const decimals = { minimumFractionDigits: places, maximumFractionDigits: places };
    const options = currency ? { style: "currency", currency, ...decimals } : decimals;
    styles.set(currency, new Intl.NumberFormat(undefined, options));
  }
  return styles.get(currency);
}

/** The calendar day `daysAgo` days before now, in the format of a date input. */
export function day(daysAgo = 0, now = new Date()) {
  const local = new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
  const twoDigits = value => String(value).padStart(2, "0");
  return `${local.getFullYear()}-${twoDigits(local.getMonth() + 1)}-${twoDigits(local.getDate())}`;
}

/** The day of a point of a series; the API renders timestamps in the fleet's time zone. */
export const dayOf = timestamp => timestamp.slice(0, 10);
