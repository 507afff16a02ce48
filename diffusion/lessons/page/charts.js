// Small drawings of the lessons' page: curves, histograms, and the network as a U. Each describes itself for screen readers.
"use strict";

const rayverie = {};

rayverie.charts = (() => {
  const COLOURS = ["var(--accent)", "var(--second)", "var(--third)", "var(--fourth)"];
  const WIDE = 320, TALL = 110, LEFT = 40, BELOW = 14, ABOVE = 6;

  function make(name, attributes = {}, parent = null, text = "") {
    const svg = ["svg", "path", "line", "text", "rect"].includes(name);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== "") node.textContent = text;
    if (parent) parent.append(node);
    return node;
  }

  const short = (value) => (value === null || value === undefined ? "–" : (Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3))).toString());

  // series: {name: [number or null, …]}; place: marked; pick: called with the place that is clicked
  function curves(title, series, place, pick) {
    const figure = make("figure"), known = Object.values(series).flat().filter((value) => value !== null);
    if (!known.length) return null;
    const low = Math.min(...known, 0), high = Math.max(...known, low + 1e-9);
    const count = Math.max(...Object.values(series).map((values) => values.length));
    const x = (i) => LEFT + (count > 1 ? i / (count - 1) : 0) * (WIDE - LEFT - 8);
    const y = (value) => ABOVE + (1 - (value - low) / (high - low)) * (TALL - ABOVE - BELOW);
    const said = Object.entries(series).map(([name, values]) => `${name}: ${short(values[place])} at this step, ` +
      `from ${short(values.find((v) => v !== null))} to ${short(values.at(-1))}`).join("; ");
    const svg = make("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", "aria-label": `${title}. ${said}` }, figure);
    make("rect", { x: LEFT, y: ABOVE, width: WIDE - LEFT - 8, height: TALL - ABOVE - BELOW, fill: "none", class: "axis" }, svg);
    for (const value of [low, high]) make("text", { x: LEFT - 4, y: y(value) + 4, "text-anchor": "end" }, svg, String(Number(value.toPrecision(2))));
    make("text", { x: LEFT, y: TALL - 2 }, svg, "1");
    make("text", { x: WIDE - 8, y: TALL - 2, "text-anchor": "end" }, svg, String(count));
    if (place !== null) make("line", { x1: x(place), x2: x(place), y1: ABOVE, y2: TALL - BELOW, class: "here" }, svg);
    Object.values(series).forEach((values, number) => {
      let path = "", open = false;
      values.forEach((value, i) => {
        if (value !== null) path += `${open ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
        open = value !== null;
      });
      make("path", { d: path, fill: "none", stroke: COLOURS[number % 4], "stroke-width": 2 }, svg);
    });
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect(), share = ((event.clientX - box.left) / box.width * WIDE - LEFT) / (WIDE - LEFT - 8);
      if (pick) pick(Math.round(Math.min(Math.max(share, 0), 1) * (count - 1)));
    });
    const caption = make("figcaption", {}, figure, `${title}  `);
    Object.entries(series).forEach(([name, values], number) => {
      const one = make("span", {}, caption);
      make("span", { class: "key", style: `color: ${COLOURS[number % 4]}` }, one);
      one.append(`${name} ${place === null ? "" : short(values[place])}  `);
    });
    return figure;
  }

  function histogram(title, counts) {
    const figure = make("figure"), most = Math.max(...counts, 1), step = (WIDE - 16) / counts.length;
    const middle = counts.indexOf(Math.max(...counts)), reach = 4;
    const label = `${title}. Most values lie near ${short((middle + .5) / counts.length * 2 * reach - reach)}.`;
    const svg = make("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", "aria-label": label }, figure);
    counts.forEach((count, i) => make("rect", { x: 8 + i * step, width: step - 1, fill: COLOURS[0],
      height: count / most * (TALL - 24), y: TALL - 16 - count / most * (TALL - 24) }, svg));
    [[8, "start", "−4"], [WIDE / 2, "middle", "0"], [WIDE - 8, "end", "4"]].forEach(([x, anchor, text]) =>
      make("text", { x, y: TALL - 3, "text-anchor": anchor }, svg, text));
    make("figcaption", {}, figure, title);
    return figure;
  }

  // The blocks as a U: deeper levels lower, larger maps taller. shares: of each block in the time of the call.
  function network(architecture, shares, chosen, pick) {
    const blocks = architecture.blocks, wide = 460, levels = Math.max(...blocks.map((block) => block.level)) + 1;
    const tall = 44 + 62 * levels, finest = Math.max(...blocks.map((block) => block.height));
    const svg = make("svg", { viewBox: `0 0 ${wide} ${tall}`, role: "group", "aria-label": "The network: blocks from left to right" });
    const places = blocks.map((block, i) => {
      const side = 16 + 34 * Math.sqrt(block.height / finest), x = 26 + i * (wide - 52) / (blocks.length - 1);
      return { x, y: 50 + 62 * block.level, side, wide: 12 + 8 * Math.log2(block.channels / 8 + 1) / 2 };
    });
    for (const [from, to] of architecture.skips) {
      const a = places[from], b = places[to], y = a.y - a.side / 2 - 4;
      make("path", { class: "skipline", d: `M${a.x} ${y} C${a.x} ${y - 16}, ${b.x} ${y - 16}, ${b.x} ${y}` }, svg);
    }
    places.slice(1).forEach((b, i) => make("path", { class: "flow", d: `M${places[i].x} ${places[i].y} L${b.x} ${b.y}` }, svg));
    blocks.forEach((block, i) => {
      const { x, y, side, wide: across } = places[i], share = shares[i];
      const rect = make("rect", { class: i === chosen ? "block on" : "block", x: x - across / 2, y: y - side / 2, width: across,
        height: side, rx: 3, fill: `color-mix(in srgb, var(--accent) ${Math.round(100 * Math.min(1, share * 3))}%, var(--field))`,
        role: "button", tabindex: 0, "aria-pressed": String(i === chosen),
        "aria-label": `${block.name}: ${block.channels} channels of ${block.width} by ${block.height}, ${Math.round(share * 100)} % of the time` }, svg);
      rect.addEventListener("click", () => pick(i));
      rect.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); pick(i); }
      });
      make("text", { x, y: y + side / 2 + 12, "text-anchor": "middle" }, svg, block.name);
    });
    return svg;
  }

  return { make, short, curves, histogram, network };
})();
