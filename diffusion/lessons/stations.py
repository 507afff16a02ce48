"""The stations of the guided tour: one table for the program, for the exported page and for docs/lessons.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

DEPTHS = ("At a glance", "How it works", "In numbers")
FIRST, MIDDLE, LAST = 0.0, 0.4, 1.0  # places in a run


@dataclass(frozen=True)
class Setting:
    """What the program shows at a station.

    panels: titles of those that come to the front; place: the step, as a share of the run; timeline: how the Timeline shows it;
    network: what the Network panel shows, "" if the network isn't asked
    """

    panels: tuple[str, ...] = ("Sampler", "Timeline")
    place: float = LAST
    timeline: str = "Picture"
    network: str = ""


@dataclass(frozen=True)
class Station:
    """name: also of its check; depths: a text for each of DEPTHS; look: what to look at in the program, and on the exported page;
    question, choices: see `diffusion.lessons.checks`; picture: of docs/images, "" without one"""

    name: str
    title: str
    depths: tuple[str, str, str]
    look: tuple[str, str]
    question: str
    choices: tuple[str, ...]
    setting: Setting = Setting()
    picture: str = ""


STATIONS: tuple[Station, ...] = (
    Station(
        "noise",
        "Noise holds every picture",
        (
            "A dream begins as random numbers. Nothing is hidden in them, and yet they decide which of all possible pictures you get: "
            "another seed, another wall.",
            "The network was trained to see pictures under noise. Shown nothing but noise, it answers with the mean of everything that "
            "fits the prompt, pushed a little by the chance shapes of this noise. The next step pushes further. The noise is the choice.",
            "The start is x = sigma·n with n from a normal distribution, one number for each latent pixel and channel. Solvers without "
            "noise of their own map n to one picture: the same n gives the same picture, bit for bit. The cosine between n and the "
            "finished latents shows how much of the noise stays visible as grain.",
        ),
        (
            "Timeline shows the noisy input of the first step beside its prediction. Drag the line.",
            "Choose step 1 and compare “Noisy input” with “Finished”.",
        ),
        "How similar is the starting noise to the finished picture?",
        ("Not at all", "A little", "Clearly similar"),
        Setting(place=FIRST, timeline="Noisy"),
    ),
    Station(
        "sculpting",
        "Sculpting",
        (
            "A sculptor takes away what isn't the statue. Each step takes away some noise, and a picture is left.",
            "At every step the network predicts the finished picture at once, out of what it sees. Early predictions are blurred, as many "
            "pictures are still possible. The solver believes them only a little, removes some noise, and asks again.",
            "The prediction is x0(x, sigma). Change is the mean absolute difference between the predictions of two steps, in units of "
            "the latents, whose standard deviation is about 1. It falls as the picture settles.",
        ),
        (
            "Play the steps in Timeline. The curve Change shows how much each step alters the prediction.",
            "Play the steps and watch “Prediction”; the curve Change is below.",
        ),
        "After the first guess: at which step does the prediction change most?",
        ("At the second step", "Somewhere in the middle", "In the last third"),
        Setting(place=MIDDLE),
        "lesson_sculpting.jpg",
    ),
    Station(
        "digging",
        "Digging",
        (
            "An archaeologist finds the walls of a house first, its pots later, and the scratches on a pot last.",
            "Noise hides small things more than large ones. While there is much of it, only light and dark areas can be known; details can "
            "be guessed once the noise is weaker than they are. So a picture comes out from coarse to fine. Rayverie's own model is an "
            "exception on walls: it gets the place of every surface as an input, and so knows joints and courses from the first step on.",
            "A Gaussian of two latent pixels separates large shapes from details. The curves are the squared correlation of each step with "
            "the last one. A region counts as settled from the step on after which its curve stays above 0.8. The names come from a "
            "small classifier of 42 materials that ships with Rayverie; 93 % of its answers are right on pictures that it has not "
            "seen, and it knows nothing but materials.",
        ),
        (
            "“When it emerges” in Timeline has a plot for each region. “Name each step” reads materials from the steps.",
            "The curves “Large shapes”, “Details” and the names below the pictures.",
        ),
        "What settles first?",
        ("Large shapes", "Details", "Both at the same step"),
        Setting(place=MIDDLE),
        "lesson_digging.jpg",
    ),
    Station(
        "orchestra",
        "The orchestra",
        (
            "No player plays the symphony alone. Blocks of the network each have a part: some hear the whole hall, some a single string.",
            "The latents pass from left to right. On the way down each level has half the resolution and sees twice as far; on the way "
            "up it becomes fine again. Stacks of feature maps stand for the blocks: larger is finer, deeper has more channels.",
            "A block of C channels on h×w places costs about C²·h·w multiplications for each 3×3 convolution, times nine. Halving the "
            "sides divides that by four; doubling the channels multiplies it by four.",
        ),
        (
            "Network shows the U-Net at work. Click a block to see its feature maps.",
            "Choose a block below “Network” to see its maps at this step.",
        ),
        "Which level takes most of the time?",
        ("The finest", "One in between", "The coarsest"),
        Setting(("Network", "Timeline"), network="Blocks"),
        "lesson_orchestra.jpg",
    ),
    Station(
        "one_step",
        "One step",
        (
            "A step is a small walk from noise towards the prediction. There are many short ones, as the prediction is better each time.",
            "The schedule says how much noise is left at each step; sigma is its strength. The solver draws a line from where it is to "
            "where the network points, and goes along it until the next sigma.",
            "Euler's step is x ← x0 + (x − x0)·sigma′/sigma. The signal's share is 1/sqrt(1 + sigma²), the noise's sigma/sqrt(1 + sigma²), "
            "and the signal-to-noise ratio 1/sigma². The embedded model is a straight flow with t = sigma/(1 + sigma); its first sigma, "
            "4096, stands for infinity.",
        ),
        (
            "The curves Sigma, Signal and noise and SNR in Timeline; the dashed line is the step that you look at.",
            "The curves “Signal and noise” and “Log SNR” below the pictures.",
        ),
        "How much of the noise does the first step remove?",
        ("Less than half of an equal share", "About an equal share", "At least twice an equal share"),
        Setting(place=FIRST),
    ),
    Station(
        "guidance",
        "Guidance",
        (
            "The network answers twice, with your prompt and without. What differs is what the prompt wants, and it is exaggerated.",
            "Classifier-free guidance adds the difference of both predictions, times a scale. A small scale is free and soft, a large one "
            "obeys but becomes harsh. Negative prompts take the place of the empty one.",
            "D = D_neg + scale·(D_pos − D_neg), for each latent value. The curve |cond − uncond| is the mean absolute value of the "
            "bracket. Where it is small, guidance changes nothing and could be left out.",
        ),
        (
            "The curve |cond − uncond| in Timeline. The scale is in Sampler.",
            "The curve “Guidance” below the pictures.",
        ),
        "When does the prompt pull most?",
        ("Early", "In the middle", "Late"),
        Setting(place=FIRST),
    ),
    Station(
        "attention",
        "Attention",
        (
            "Every place of the picture reads the prompt and decides which word concerns it.",
            "A place asks with a query, every word answers with a key. Where they match, the place takes what the word has to give. The "
            "weights of all words sum to 1 at each place; they are drawn as heat.",
            "weight = softmax(q·k / sqrt(d)), a mean over heads and over the layers of the finest level that attends. Point at a place "
            "to read the weights of one cell. The embedded model attends at its coarsest level, where a cell is 32×32 pixels, and also "
            "gets the whole sentence in every block.",
        ),
        (
            "Network shows Words: choose a word, and point at the picture for the numbers of one cell.",
            "Choose a word below “Attention”, and point at the picture for the numbers of one cell.",
        ),
        "Do all words of the prompt get the same attention?",
        ("About the same", "One gets clearly more", "One gets more than all others together"),
        Setting(("Network", "Timeline"), network="Words"),
    ),
    Station(
        "skips",
        "Skip connections",
        (
            "Whoever draws a map from far away still needs a sheet with the street names. Skip connections hand it over.",
            "On its way down the network forgets where exactly things are. Each level keeps a copy of what it knew and gives it to the "
            "block of its size on the way up: the arches of the diagram.",
            "The up block sees both, its own input and the copy, as channels side by side: [B, 2C, h, w]. The check repeats one call with "
            "zeros in place of all copies and compares the predictions, in large shapes and in details.",
        ),
        (
            "The arches in Network are the skip connections. The check cuts them for one call.",
            "The lines that join blocks of one level below “Network”.",
        ),
        "What is lost when all skip connections carry zeros?",
        ("Only large shapes", "Only details", "Both", "Hardly anything"),
        Setting(("Network", "Timeline"), place=MIDDLE, network="Blocks"),
    ),
    Station(
        "levels",
        "What each level knows",
        (
            "The coarse levels know what it is and where. The fine level knows how it looks from close by.",
            "A place of the coarsest level sees most of the picture, a place of the finest only its neighbours. While there is much noise, "
            "only a wide view can tell what is there. When little is left, neighbours are enough.",
            "The check repeats one call with zeros in place of all that the finest level gets from below, so that it works alone. Try "
            "it at an early and at a late step.",
        ),
        (
            "Click blocks of different levels in Network and compare the size of what their maps show.",
            "Compare blocks of different levels below “Network”, early and late.",
        ),
        "At an early step: what is lost when the finest level works alone?",
        ("Only large shapes", "Only details", "Both", "Hardly anything"),
        Setting(("Network", "Timeline"), place=FIRST, network="Blocks"),
    ),
    Station(
        "memory",
        "Why surfaces remember",
        (
            "A picture is forgotten when the next one comes. Here each wall keeps what was painted on it.",
            "Latents, steps and colours are stored on the surfaces, in texels. A view begins with what is stored; what is finished is "
            "left alone, and only the rest is dreamed.",
            "A texel is written only by a view that sees it better: more pixels per texel, times the cosine of the angle. The station "
            "notes the finished texels of this view. Walk away, come back, and measure: equal means equal in all bits.",
        ),
        (
            "Walk away and come back to this place, then measure. View shows Steps and Density of the texels.",
            "This one is in the program: walk away, come back, measure.",
        ),
        "You leave and come back: how much of the finished paint has changed?",
        ("Nothing", "A little", "Most of it"),
        Setting(("View", "Volume")),
    ),
)
BY_NAME: Mapping[str, Station] = {station.name: station for station in STATIONS}


def describe_stations() -> dict[str, Any]:
    """The table as JSON values, as far as the page needs it."""
    stations = [asdict(station) for station in STATIONS]
    settings = [one.pop("setting") for one in stations]
    return {
        "depths": list(DEPTHS),
        "stations": [
            {key: value for key, value in one.items() if key != "picture"}
            | {"place": setting["place"], "network": setting["network"]}
            for one, setting in zip(stations, settings, strict=True)
        ],
    }
