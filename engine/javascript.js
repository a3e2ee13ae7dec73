// The arithmetic of engine/ieee.py: real numbers in, a real number out. Each function has the name of its operation.
const { exp, expm1, log, log2, log10, log1p, sqrt, cbrt, sin, cos, tan, asin, acos, atan, atan2 } = Math;
const { sinh, cosh, tanh, asinh, acosh, atanh, hypot, floor, ceil, trunc, sign, abs: absolute } = Math;

const divide = (x, y) => x / y;
const reciprocal = (x) => 1 / x;
const square = (x) => x * x;
const exp2 = (x) => power(2, x);
const fmod = (x, y) => x % y;
const step = (x) => (x === x ? Number(x > 0) : x);
const relu = (x) => (x > 0 || x !== x ? x : 0);
const leaky_relu = (x, slope) => (x > 0 ? x : slope * x);
const elu = (x, alpha) => (x > 0 ? x : alpha * expm1(x));
const clamp = (x, low, high) => (x < low ? low : x > high ? high : x);
const less = (x, y) => Number(x < y);
const less_equal = (x, y) => Number(x <= y);
const greater = (x, y) => Number(x > y);
const greater_equal = (x, y) => Number(x >= y);
const maximum = (x, y) => (x >= y || x !== x ? x : y);
const minimum = (x, y) => (x <= y || x !== x ? x : y);
const where = (condition, x, y) => (condition !== 0 ? x : y); // nan counts as true, as in Python
const masked = (g, local) => (g !== 0 ? g * local : 0);
const guard = (x, y) => (x === x ? y : NaN);
const within = (z, slopes) => (z === z ? slopes : slopes.map(() => NaN)); // outside the domain there is no slope
const copysign = (x, y) => (y < 0 || Object.is(y, -0) ? -absolute(x) : absolute(x));
const total = (...xs) => xs.reduce((sum, x) => sum + x, 0);
const mean = (...xs) => total(...xs) / xs.length;
const product = (...xs) => xs.reduce((all, x) => all * x, 1);
const pick = (...xs) => xs.slice(0, -1)[xs[xs.length - 1]] ?? NaN; // of xs…, index
const softplus = (x) => logsumexp(x, 0);
const logaddexp = (x, y) => logsumexp(x, y);
const silu = (x) => x * sigmoid(x);
const gelu = (x) => x * normal_cdf(x);

function power(x, y) { // C's pow, which has 1 where Math.pow has nan
  if (x === 1 || (x === -1 && absolute(y) === Infinity)) return 1;
  return Math.pow(x, y);
}

function modulo(x, y) { // the sign is that of y
  if (y === 0) return NaN;
  const rest = x % y;
  if (rest === 0) return copysign(0, y);
  return y < 0 !== rest < 0 ? rest + y : rest;
}

function floor_divide(x, y) {
  if (y === 0) return x / y;
  const rest = x % y;
  let quotient = (x - rest) / y;
  if (rest !== 0 && y < 0 !== rest < 0) quotient -= 1;
  if (quotient === 0) return copysign(0, x / y);
  const whole = floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

function weighted_sum(...xs) { // of w…, a…, b
  const half = (xs.length - 1) / 2;
  let z = xs[2 * half];
  for (let i = 0; i < half; i += 1) z += xs[i] * xs[half + i];
  return z;
}

function logsumexp(...xs) { // the largest x is taken out, so nothing overflows
  const peak = xs.reduce((most, x) => (x > most ? x : most));
  const first = xs.findIndex((x) => Object.is(x, peak)), rest = xs.filter((_, i) => i !== first);
  if (Number.isFinite(peak)) return peak + log1p(total(...rest.map((x) => exp(x - peak))));
  return xs.some((x) => x !== x) ? NaN : peak;
}

function sigmoid(x) {
  const e = exp(-absolute(x)); // of a negative number: no overflow
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

function sech(x) {
  const e = exp(-absolute(x)); // cosh(x) would overflow
  return (2 * e) / (1 + e * e);
}

function lost(x) { // what x * x loses by rounding
  const a = 134217729 * x - (134217729 * x - x);
  return a * a - x * x + (x - a) * (x + a);
}

function gaussian(x) { // exp(-x²/2)
  const near = Math.min(absolute(x), 40);
  return exp(-0.5 * near * near) * (1 - 0.5 * lost(near));
}

function erf(x) { // 2/√π · exp(-x²) · Σ 2ⁿ·x²ⁿ⁺¹ / (1·3·…·(2n + 1)): the terms have one sign
  if (absolute(x) >= 2) return copysign(1 - erfc(absolute(x)), x);
  let term = x, sum = x;
  for (let n = 1; absolute(term) > 1e-17 * absolute(sum); n += 1) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / sqrt(Math.PI)) * square(gaussian(x)) * sum;
}

function erfc(x) { // Abramowitz and Stegun 7.1.14: a continued fraction, where 1 - erf(x) would lose digits
  if (!(x >= 1)) return 1 - erf(x);
  let fraction = x;
  for (let n = 150; n >= 1; n -= 1) fraction = x + n / 2 / fraction;
  return square(gaussian(x)) / sqrt(Math.PI) / fraction;
}

function normal_cdf(x) {
  const t = -x * sqrt(0.5), p = 0.5 * erfc(t);
  if (!(x > -40 && x < 0)) return p;
  return p * (1 - (0.5 * x * x - t * t) - (0.5 * lost(x) - lost(t)));
}
