// Numbers as text: four significant digits and a true minus sign, as in the pictures.
const MINUS = "−";
let nan = "nan"; // how a number is written that is none
const number = (x) => (typeof x === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] : x);
function text(x) { // four significant digits, as Python's format(x, ".4g") has them
  if (!Number.isFinite(x)) return x !== x ? nan : x < 0 ? MINUS + "inf" : "inf";
  const [digits, exponent] = rounded(Math.abs(x)).split("e"), power = Number(exponent);
  const minus = x < 0 || Object.is(x, -0) ? MINUS : "";
  if (power >= -4 && power < 4) return minus + trimmed(Number(`${digits}e${power}`).toFixed(3 - power));
  return `${minus}${trimmed(digits)}e${power < 0 ? MINUS : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
function rounded(x) { // a digit string like 1.235e+4; what is exactly between two goes to the even one
  if (!/^\d\.\d{3}50000/.test(x.toExponential(8))) return x.toExponential(3); // 60 digits take long
  const [all, exponent] = x.toExponential(60).split("e");
  const isTie = /^\d\.\d{3}50*$/.test(all) && Number(all[4]) % 2 === 0;
  return isTie ? `${all.slice(0, 5)}e${exponent}` : x.toExponential(3);
}
const trimmed = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);
const signed = (x) => (x > 0 ? "+" : "") + text(x);
const sign = (x) => (x !== x ? "nan" : x > 0 ? "pos" : x < 0 ? "neg" : "zero");
