"""The slope of a function of one float by differences, with an estimate of its error.

>>> import math
>>> seen = slope(math.exp, 0.0)
>>> abs(seen.value - 1.0) <= seen.error < 1e-9
True

A difference quotient at width h is wrong by a power of h, and by rounding divided by h. Quotients
at shrinking widths are extrapolated to width 0, which removes the first; the second is estimated.
Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

Function = Callable[[float], float]
TINY = 8.0 * math.ulp(0.0)  # what underflow may lose
ROUNDING = 8.0 * 2.0**-52  # what one operation may lose, relative to its numbers


class Slope(NamedTuple):
    """A derivative by differences, and an estimate of its error.

    `scale` is the largest difference quotient around x. `width` is that of the narrowest difference
    behind the value. `wider` are slopes that wider differences settled to and narrower ones left.
    """

    value: float
    error: float
    scale: float = 0.0
    width: float = math.inf
    wider: tuple[tuple[float, float], ...] = ()


NO_SLOPE = Slope(math.nan, math.inf)


def slope(
    g: Function, x: float, noise: float = 0.0, side: float = 0.0, thorough: bool = False
) -> Slope:
    """Return the derivative of g at x by differences; `side` ±1 looks to one side only.

    >>> kink = slope(abs, 0.0, side=-1.0)
    >>> kink.value, kink.error < 1e-12
    (-1.0, True)

    `noise` is what rounding costs g(x). Widths shrink from the size of x, or 1, to the spacing of
    floats. The slope is what the narrowest differences settle to; nan where they do not settle. A
    `thorough` look does not stop where a slope is good enough, and leaves out no width.
    """
    best = NO_SLOPE
    for size in _sizes(abs(x), thorough):
        for now, rounding in _extrapolated(quotients(g, x, size, noise, side), side):
            settled, known = now.error < math.inf, best.error < math.inf
            best = best._replace(scale=max(now.scale, best.scale))
            if not known and settled:
                best = now._replace(scale=best.scale, wider=best.wider)
            elif known and _apart(now, best, rounding):
                if now.width < best.width:  # narrower differences leave what wider ones settled to
                    start = now if settled else NO_SLOPE
                    best = start._replace(scale=best.scale, wider=(*best.wider, best[:2]))
            elif now.error < best.error:
                best = now._replace(scale=best.scale, wider=best.wider)
            elif known and best.error <= 1e-7 * abs(best.value) and not thorough:
                return best  # from here on rounding grows
    return best


def _sizes(x: float, thorough: bool) -> Iterator[float]:
    """Return where the widths start: at x or 1, and at x if that is small; or all between them."""
    size = max(x, 1.0)
    yield size
    while thorough and size * 2.0**-44 > max(x, 1e-310):
        size *= 2.0**-44
        yield size
    if 0.0 < x < 1e-6:
        yield x


def _apart(now: Slope, best: Slope, rounding: float) -> bool:
    return abs(now.value - best.value) > best.error + min(now.error, rounding)


def quotients(
    g: Function, x: float, size: float, noise: float, side: float
) -> Iterator[tuple[float, float, float, float]]:
    """Return difference quotients at widths size/4, size/16, …, each with what rounding may cost.

    That is twice: of the two numbers alone, and with the noise that is in both of them.
    """
    for k in range(1, 25):
        h = size * 4.0**-k
        low, high = (x, x + side * h) if side else (x - h, x + h)
        left, right, width = g(low), g(high), abs(high - low)
        if 0.0 < width < math.inf and math.isfinite((right - left) / width):
            own = (ROUNDING * (abs(left) + abs(right)) + TINY) / width
            yield width, (right - left) / (high - low), own, own + 2.0 * noise / width


def _extrapolated(
    quotients: Iterable[tuple[float, float, float, float]], side: float
) -> Iterator[tuple[Slope, float]]:
    """Extrapolate quotients to width 0, twice; the error is inf where they have not settled.

    From one width to the next the error of a central quotient shrinks by 16, that of a one-sided
    one by 4; what the first extrapolation leaves shrinks by 256 or 16. Settled are three numbers
    that differ by no more than a thousandth of the largest quotient or than their own rounding.
    """
    first, second = (4.0, 16.0) if side else (16.0, 256.0)
    raw, once, twice, scale = list[float](), list[float](), list[float](), 0.0
    for width, quotient, own, rounding in quotients:
        scale = max(scale, abs(quotient))
        raw = [*raw[-1:], quotient]
        once = [*once[-1:], raw[-1] + (raw[-1] - raw[0]) / (first - 1.0)]
        twice = [*twice[-2:], once[-1] + (once[-1] - once[0]) / (second - 1.0)]
        if len(twice) == 3:
            spread = max(twice) - min(twice)
            settled = spread <= max(1e-3 * scale, own)
            error = spread + rounding if settled else math.inf
            yield Slope(twice[-1], error, scale, width), rounding
