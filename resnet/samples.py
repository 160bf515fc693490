"""Ten drawn digits, one of each: what the page shows before a visitor has drawn, and what a
checkpoint is asked when it is saved and again when it is loaded."""

import numpy as np

Stroke = list[list[float]]

SIDE = 100  # of the pad they are drawn on
# Knots of each stroke, x right and y down; the pen glides through them.
# fmt: off
KNOTS: dict[int, list[list[tuple[float, float]]]] = {
    0: [[(54, 18), (38, 24), (29, 44), (31, 66), (43, 81), (58, 79), (69, 62), (70, 40), (62, 23),
         (50, 18)]],
    1: [[(52, 17), (51, 33), (50, 50), (49, 67), (47, 84)]],
    2: [[(32, 34), (37, 22), (51, 17), (64, 24), (65, 38), (56, 53), (42, 68), (31, 80)],
        [(31, 80), (48, 79), (71, 81)]],
    3: [[(33, 24), (48, 17), (63, 23), (62, 37), (46, 46)],
        [(46, 46), (62, 51), (69, 65), (59, 79), (44, 83), (31, 76)]],
    4: [[(42, 18), (37, 34), (29, 54)], [(29, 54), (47, 54), (72, 52)],
        [(61, 30), (60, 56), (57, 84)]],
    5: [[(66, 19), (52, 19), (38, 21)], [(38, 21), (36, 33), (34, 45)],
        [(34, 45), (50, 41), (64, 49), (67, 64), (58, 78), (43, 82), (31, 76)]],
    6: [[(61, 17), (46, 30), (36, 49), (34, 67), (43, 81), (57, 80), (65, 68), (60, 55), (47, 54),
         (36, 64)]],
    7: [[(29, 24), (48, 22), (70, 21)], [(70, 21), (60, 41), (51, 62), (45, 84)]],
    8: [[(62, 26), (50, 18), (38, 26), (42, 40), (54, 50), (64, 64), (58, 79), (44, 82), (35, 72),
         (41, 56), (54, 45), (63, 35), (62, 26)]],
    9: [[(65, 31), (54, 20), (40, 25), (36, 40), (46, 50), (58, 46), (65, 31)],
        [(65, 31), (63, 56), (57, 84)]],
}
# fmt: on


def sample(digit: int) -> list[Stroke]:
    """The strokes of a digit as a pen would have left them: points close together on a curve."""
    strokes: list[Stroke] = []
    for knots in KNOTS[digit]:
        line = glide(np.array(knots, float))
        if strokes and strokes[-1][-1] == line[0]:  # a corner: the pen stays on the paper
            strokes[-1] += line[1:]
        else:
            strokes.append(line)
    return strokes


def glide(knots: np.ndarray, steps: int = 8) -> Stroke:
    """A Catmull-Rom spline through (n, 2) knots, steps points from one to the next."""
    before, after = 2 * knots[0] - knots[1], 2 * knots[-1] - knots[-2]
    p0, p1, p2, p3 = (
        np.stack([before, *knots, after])[i : i + len(knots) - 1, None] for i in range(4)
    )
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curve = p1 + t / 2 * (
        p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))
    )
    return [*curve.reshape(-1, 2).round(1).tolist(), knots[-1].tolist()]
