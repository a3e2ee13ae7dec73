"""The backward pass as a moving picture: one moment for every contribution.

>>> from engine import Value
>>> from engine.view.layered import layered
>>> from engine.view.scene import Scene
>>> x = Value(3.0, label="x")
>>> scene = Scene.of(x * x)
>>> [moment(scene, k).cards[0].grad for k in range(3)]
['0', '3', '6']
>>> animated(scene, layered(scene)).count("@keyframes")
5

A moment is a scene as any other, painted as any other. It starts from zero: what came from
elsewhere is left out, and no backward() need have been called.
"""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

from ..explain import arrivals
from .layered import Placed
from .scene import Card, Pill, Scene, shown, sign, signed
from .svg import framed, painted

MOST = 200  # steps of a film
SECONDS, HOLD = 0.9, 2.5  # for which a moment is shown, and the last one


def moment(scene: Scene, count: int) -> Scene:
    """Return the scene after the first `count` contributions have been sent."""
    sent = arrivals([pill.step for pill in scene.pills[:count]])
    sizes = [abs(pill.step.after) for pill in scene.pills if pill.step.after - pill.step.after == 0]
    largest = max([1.0, *sizes])
    new = {id(card): _card(card, sent.get(card.node, []), largest) for card in scene.cards}
    pills = [
        replace(
            _sent(pill) if i < count else _waiting(pill),
            child=new[id(pill.child)],
            parent=new[id(pill.parent)],
        )
        for i, pill in enumerate(scene.pills)
    ]
    return replace(scene, cards=[*new.values()], pills=pills, state="under way")


def _card(card: Card, arrived: Sequence[Any], largest: float) -> Card:
    """Return a card with the grad that has arrived, as high as it is in the end."""
    grad = arrived[-1].after if arrived else float(card.is_root)
    seed = ["1"] if card.is_root else []
    return replace(
        card,
        grad=shown(grad),
        sign=sign(grad),
        bar=max(-1.0, min(1.0, grad / largest)) if grad == grad else 0.0,
        terms=[*seed, *[shown(step.contribution) for step in arrived]],
        per_output="",
        fixed_height=card.height,
    )


def _waiting(pill: Pill) -> Pill:
    return replace(pill, contribution="", sign="zero", stroke=1.2, sent=False)


def _sent(pill: Pill) -> Pill:
    contribution = pill.step.contribution
    text = pill.contribution if pill.sent and pill.contribution else signed(contribution)
    return replace(pill, contribution=text, sign=sign(contribution), sent=True)


def _moments(scene: Scene) -> list[Scene]:
    if len(scene.pills) > MOST:
        raise ValueError(
            f"a film of {len(scene.pills):,} steps is too long ({MOST} at most): draw a part, or "
            "collapse='neurons' or 'layers'"
        )
    return [moment(scene, count) for count in range(len(scene.pills) + 1)]


def frames(scene: Scene, placed: Placed, theme: str = "light") -> list[str]:
    """Return every moment as an SVG of its own, all of the same size."""
    return [
        framed(one, placed, theme, "".join(painted(one, placed, "cf"))) for one in _moments(scene)
    ]


def animated(scene: Scene, placed: Placed, theme: str = "auto") -> str:
    """Return one SVG that plays all moments again and again, by CSS alone.

    Where motion is not wanted or not supported, it is the last moment.
    """
    moments = _moments(scene)
    parts = [painted(one, placed, "cf") for one in moments]
    end = len(moments)
    seconds = SECONDS * (end - 1) + HOLD
    body, spans = [], dict[tuple[int, int], None]()
    for states in zip(*parts):
        start = 0
        for k in range(1, end + 1):
            if k < end and states[k] == states[start]:
                continue
            if (start, k) == (0, end):
                body.append(states[0])
            else:
                spans[start, k] = None
                last = "" if k == end else " past"
                body.append(f'<g class="at{start}-{k}{last}">{_without_ids(states[start])}</g>')
            start = k
    rules = [_rule(start, stop, end, seconds) for start, stop in spans]
    still = "@media(prefers-reduced-motion:reduce){.cr [class^=at]{animation:none!important}}"
    style = f".cr .past{{opacity:0}}{''.join(rules)}{still}"
    return framed(moments[-1], placed, theme, "".join(body), style)


def _rule(start: int, stop: int, end: int, seconds: float) -> str:
    """Return the rules by which a group is seen from one moment up to another."""
    name = f"IDENT-{start}-{stop}"
    first, last = (f"{100 * SECONDS * k / seconds:.2f}%" for k in (start, stop))
    shown = "".join(
        [
            "" if start == 0 else "0%{opacity:0}",
            f"{'0%' if start == 0 else first}{{opacity:1}}",
            "" if stop == end else f"{last}{{opacity:0}}",
        ]
    )
    play = f"animation:{name} {seconds:g}s step-end infinite"
    return f".cr .at{start}-{stop}{{{play}}}@keyframes {name}{{{shown}}}"


def _without_ids(element: str) -> str:
    """Return an element without its id, for it is one of several of its kind."""
    head, _, rest = element.partition(' id="')
    return head + rest.partition('"')[2] if rest else element


def gif(images: Sequence[bytes]) -> bytes:
    """Return PNG images as one GIF that repeats. Raises ImportError without Pillow."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "a .gif file needs Pillow: pip install pillow, or save picture.animated() as .svg"
        ) from None
    opened = [Image.open(BytesIO(image)).convert("RGB") for image in images]
    palette = opened[-1].quantize(128)  # the last has all colours
    pictures = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in opened]
    durations = [round(1000 * SECONDS)] * (len(pictures) - 1) + [round(1000 * HOLD)]
    target = BytesIO()
    pictures[0].save(
        target, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0
    )
    return target.getvalue()
