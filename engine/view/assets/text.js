// Numbers as text: as in the pictures, with a true minus sign.
const MINUS = "−";
let nan = "nan"; // how a number is written that is none
const number = (x) => (typeof x === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] : x);
function text(x) { // as on a card of a picture: four digits or, up to 10⁸, all before the point
  if (!Number.isFinite(x)) return x !== x ? nan : x < 0 ? MINUS + "inf" : "inf";
  const size = Math.abs(x), minus = x < 0 || Object.is(x, -0) ? MINUS : "";
  const most = size >= 1e4 && size < 1e8 ? Math.max(6, String(Math.trunc(size)).length) : 4;
  const [digits, exponent] = rounded(size, most).split("e"), power = Number(exponent);
  if (power >= -4 && power < most) return minus + trimmed(Number(`${digits}e${power}`).toFixed(most - 1 - power));
  return `${minus}${trimmed(digits)}e${power < 0 ? MINUS : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
function rounded(x, most) { // a digit string like 1.235e+4; what is exactly between two goes to the even one
  const near = x.toExponential(most + 4);
  if (!near.slice(most + 1).startsWith("50000")) return x.toExponential(most - 1);
  const [all, exponent] = x.toExponential(60).split("e"); // all digits, which takes long
  const isTie = /^50*$/.test(all.slice(most + 1)) && Number(all[most]) % 2 === 0;
  return isTie ? `${all.slice(0, most + 1)}e${exponent}` : x.toExponential(most - 1);
}
const trimmed = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);
const signed = (x) => (x > 0 ? "+" : "") + text(x);
const sign = (x) => (x !== x ? "nan" : x > 0 ? "pos" : x < 0 ? "neg" : "zero");
