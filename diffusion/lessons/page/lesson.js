// The player of the lessons: steps, what the network did at each, and the guided tour. Its data come by rayverie.open (data.js).
"use strict";

rayverie.open = (meta, architecture, attention) => {
  const { make, short, curves, histogram, network } = rayverie.charts;
  const at = (id) => document.getElementById(id);
  const PACE = 700; // milliseconds of a step while playing
  const TABS = { Attention: drawAttention, Network: drawNetwork, Latents: drawLatents, Schedule: drawSchedule };
  const state = { lesson: 0, step: 0, station: 0, depth: 0, tab: "Attention", word: 0, block: null, cell: null, timer: 0 };
  const images = new Map();

  const lesson = () => meta.lessons[state.lesson];
  const step = () => lesson().steps[Math.min(state.step, lesson().steps.length - 1)];
  const count = () => lesson().steps.length + 1; // the finished picture is the last place
  const finished = () => state.step === count() - 1;
  const station = () => meta.stations[state.station];

  function address(kind) {
    const name = finished() && kind === "picture" ? "final.webp" : step().files[kind];
    return `${encodeURIComponent(lesson().folder)}/${name}`;
  }

  function image(url) { // kept, so that scrubbing never waits
    if (!images.has(url)) {
      const kept = new Image();
      kept.src = url;
      images.set(url, kept);
    }
    return images.get(url);
  }

  function weights(word) { // Float32Array of the step, in the order of rows
    const [tall, wide] = lesson().attention, facts = step().words[word], size = tall * wide;
    const bytes = atob(attention[lesson().name][lesson().steps.indexOf(step())]);
    return Float32Array.from({ length: size }, (_, i) =>
      facts.least + bytes.charCodeAt(word * size + i) / 255 * (facts.most - facts.least));
  }

  // ---- steps ----

  function show() {
    const one = lesson(), now = step(), end = finished();
    at("prompt").textContent = `“${one.prompt}”`;
    at("step").max = count() - 1;
    at("step").value = state.step;
    at("picture").src = address("picture");
    at("noisy").src = address("noisy");
    const number = `Step ${Math.min(state.step, one.steps.length - 1) + 1} of ${one.steps.length}`;
    at("step").setAttribute("aria-valuetext", end ? "Finished" : number);
    at("picture-caption").textContent = end ? "Finished" : "Prediction at this step";
    at("picture").alt = end ? `The finished picture of “${one.prompt}”` : `What the network predicts at step ${state.step + 1}`;
    at("noisy").alt = `The noisy latents at step ${Math.min(state.step, one.steps.length - 1) + 1}, as colours`;
    const named = one.concepts.map((concept) => {
      const row = concept.confidence[one.steps.indexOf(now)], best = row.indexOf(Math.max(...row));
      return `looks like ${concept.names[best]} (${row[best].toFixed(2)})`;
    }).join(", ");
    at("status").textContent = end ? `Finished after ${one.steps.length} steps: ${named}.`
      : `${number}: sigma ${short(now.sigma)}, ${Math.round(100 * now.sigma / (1 + now.sigma))} % noise. The prediction ${named || "is drawn"}.`;
    drawCurves();
    drawPanel();
  }

  function go(place) {
    state.step = Math.min(Math.max(place, 0), count() - 1);
    show();
  }

  function play(on) {
    clearInterval(state.timer);
    state.timer = on ? setInterval(() => { if (finished()) play(false); else go(state.step + 1); }, PACE) : 0;
    at("play").setAttribute("aria-pressed", String(on));
    at("play").textContent = on ? "Pause" : "Play";
  }

  function toggle() {
    if (!state.timer && finished()) go(0);
    play(!state.timer);
  }

  function drawCurves() {
    const steps = lesson().steps, of = (name) => steps.map((one) => one[name]), place = Math.min(state.step, steps.length - 1);
    const shown = [
      ["When it emerges", { "large shapes": of("coarse"), details: of("fine") }],
      ...lesson().concepts.map((one) => ["What it looks like", Object.fromEntries(
        one.names.map((name, i) => [name, one.confidence.map((row) => row[i])]))]),
      ["Signal and noise", { signal: of("signal"), noise: of("noise") }],
      ["Log SNR", { "log SNR": of("log_snr") }],
      ["Guidance", { "|cond − uncond|": of("guidance") }],
      ["Change", { change: of("change") }],
    ].map(([title, series]) => curves(title, series, place, go));
    at("curves").replaceChildren(...shown.filter((one) => one));
  }

  function drawNumbers() {
    const columns = ["sigma", "timestep", "signal", "noise", "log_snr", "guidance", "change", "coarse", "fine"];
    const table = make("table"), head = make("tr", {}, make("thead", {}, table)), body = make("tbody", {}, table);
    for (const name of ["step", ...columns]) make("th", { scope: "col" }, head, name.replace("_", " "));
    lesson().steps.forEach((one, i) => {
      const row = make("tr", {}, body);
      make("th", { scope: "row" }, row, String(i + 1));
      for (const name of columns) make("td", {}, row, short(one[name]));
    });
    at("numbers").querySelector(".scroll").replaceChildren(table);
  }

  // ---- inside the network ----

  function drawPanel() {
    for (const tab of at("tabs").children) tab.setAttribute("aria-selected", String(tab.textContent === state.tab));
    at("panel").setAttribute("aria-label", state.tab);
    at("heat").hidden = at("cell").hidden = true;
    at("panel").replaceChildren(...TABS[state.tab]());
  }

  function tile([x, y, wide, tall], url, label) {
    const canvas = make("canvas", { width: wide, height: tall, class: "tile", role: "img", "aria-label": label });
    const source = image(url), draw = () => canvas.getContext("2d").drawImage(source, x, y, wide, tall, 0, 0, wide, tall);
    if (source.complete) draw(); else source.addEventListener("load", draw, { once: true });
    return canvas;
  }

  function drawAttention() {
    const words = lesson().words;
    if (!words.length) return [make("p", {}, null, "This network uses no prompt.")];
    const row = make("div", { class: "choices", role: "radiogroup", "aria-label": "Word" });
    words.forEach((word, i) => {
      const button = make("button", { type: "button", role: "radio", "aria-checked": String(i === state.word) }, row, word);
      button.addEventListener("click", () => { state.word = i; drawPanel(); at("panel").querySelectorAll("[role=radio]")[i].focus(); });
    });
    const [tall, wide] = lesson().attention, values = weights(state.word), facts = step().words[state.word];
    const canvas = at("heat"), pen = (canvas.width = wide, canvas.height = tall, canvas.getContext("2d")), data = pen.createImageData(wide, tall);
    values.forEach((value, i) => data.data.set(heat((value - facts.least) / Math.max(facts.most - facts.least, 1e-9)), 4 * i));
    pen.putImageData(data, 0, 0);
    canvas.hidden = false;
    const text = `“${words[state.word]}” gets ${(100 * facts.mean).toFixed(0)} % of the attention at this step; from ` +
      `${(100 * facts.least).toFixed(1)} % where it is lowest to ${(100 * facts.most).toFixed(1)} % where it is highest (bright).`;
    const parts = [row, make("p", {}, null, text)];
    const cell = make("p", { class: "hint", role: "status", id: "cell-numbers" });
    cell.textContent = state.cell ? cellNumbers() : "Point at the picture for the numbers of one cell, or focus it and use the arrow keys.";
    return [...parts, cell];
  }

  function heat(level) { // dark violet to bright yellow, even in lightness: safe for colour-blind people
    const stops = [[13, 8, 135], [126, 3, 168], [204, 71, 120], [248, 149, 64], [240, 249, 33]];
    const place = Math.min(Math.max(level, 0), 1) * 4, low = Math.min(Math.floor(place), 3), part = place - low;
    return [...stops[low].map((value, i) => value + part * (stops[low + 1][i] - value)), 90 + 130 * level];
  }

  function cellNumbers() {
    const [tall, wide] = lesson().attention, [x, y] = [Math.min(state.cell[0], wide - 1), Math.min(state.cell[1], tall - 1)];
    Object.assign(at("cell").style, { left: `${100 * x / wide}%`, top: `${100 * y / tall}%`, width: `${100 / wide}%`, height: `${100 / tall}%` });
    at("cell").hidden = false;
    const listed = lesson().words.map((word, i) => `${word} ${weights(i)[y * wide + x].toFixed(3)}`).join(", ");
    return `Cell ${x + 1}, ${y + 1}: ${listed}.`;
  }

  function choose(cell) {
    if (state.tab !== "Attention" || !lesson().words.length) return;
    state.cell = cell;
    at("cell-numbers").textContent = cellNumbers();
  }

  function drawNetwork() {
    const blocks = architecture.blocks, spent = step().blocks.reduce((sum, block) => sum + block.seconds, 0) || 1;
    const chosen = state.block ?? blocks.length - 2, block = blocks[chosen], facts = step().blocks[chosen];
    const pick = (i) => { state.block = i; drawPanel(); at("panel").querySelectorAll(".block")[i].focus(); };
    const shares = step().blocks.map((one) => one.seconds / spent);
    const row = make("div", { class: "tiles" });
    lesson().tiles.blocks[chosen].forEach((place, i) => row.append(tile(place, address("blocks"), i ? `feature map ${i}` : "strength")));
    const cut = step().ablation, left = (part) => `${Math.round(100 * part.coarse)} % of large shapes and ${Math.round(100 * part.fine)} % of details`;
    return [
      network(architecture, shares, chosen, pick),
      make("p", {}, null, `${block.name}: ${block.role} ${block.attends_to_text ? "It reads the prompt." : ""}`),
      make("p", { class: "hint" }, null, `${block.channels} channels of ${block.width} × ${block.height}, ${(1000 * facts.seconds).toFixed(1)} ms, ` +
        `strength ${short(facts.energy)}. First its strength over all channels, then its most varied channels.`),
      row,
      make("p", {}, null, `Without skip connections ${left(cut.skips)} of this step's prediction are left; with the finest level alone ${left(cut.below)}.`),
    ];
  }

  function drawLatents() {
    const names = ["Prediction", "Noisy input"], parts = [];
    lesson().tiles.channels.forEach((places, row) => {
      const tiles = make("div", { class: "tiles" });
      places.forEach((place, i) => tiles.append(tile(place, address("channels"), `${names[row]}, channel ${i + 1}`)));
      parts.push(make("p", {}, null, `${names[row]}: all ${places.length} channels`), tiles,
        histogram(`Values of the ${names[row].toLowerCase()}`, step().histogram[row ? "noisy" : "prediction"]));
    });
    return parts;
  }

  function drawSchedule() {
    const schedule = meta.schedule, timestep = step().timestep;
    const place = schedule.at.reduce((best, at, i) => (Math.abs(at - timestep) < Math.abs(schedule.at[best] - timestep) ? i : best), 0);
    const drawn = [
      curves("Beta: noise added at each timestep", { beta: schedule.beta }, place),
      curves("Signal and noise", { signal: schedule.signal, noise: schedule.noise }, place),
      curves("Log of the signal-to-noise ratio", { "log SNR": schedule.log_snr }, place),
      curves("Timesteps of this run", { timestep: lesson().steps.map((one) => one.timestep) }, Math.min(state.step, lesson().steps.length - 1), go),
    ];
    const box = make("div", { class: "curves" });
    box.append(...drawn);
    return [make("p", {}, null, `The model knows ${schedule.timesteps} timesteps; this step is at ${short(timestep)}, sigma ${short(step().sigma)}.`), box];
  }

  // ---- the tour ----

  function showStation() {
    const one = station();
    at("station-title").textContent = `${state.station + 1} of ${meta.stations.length}: ${one.title}`;
    at("station-text").textContent = one.depths[state.depth];
    at("station-look").textContent = one.look[1];
    at("question").textContent = one.question;
    at("answer").textContent = "";
    at("options").replaceChildren(...one.choices.map((choice, i) => {
      const label = make("label");
      make("input", { type: "radio", name: "option", value: i }, label);
      label.append(choice);
      return label;
    }));
    for (const [i, button] of [...at("depths").children].entries()) button.setAttribute("aria-checked", String(i === state.depth));
  }

  function visit(place, focus = true) {
    state.station = (place + meta.stations.length) % meta.stations.length;
    const one = station();
    if (one.network) state.tab = one.network === "Words" ? "Attention" : "Network";
    play(false);
    showStation();
    go(Math.round(one.place * (lesson().steps.length - 1)));
    if (focus) at("station-title").focus();
  }

  function check() {
    const answer = lesson().answers[station().name], picked = document.querySelector("[name=option]:checked");
    const right = answer.choice === null ? "" : `Measured here: ${station().choices[answer.choice].toLowerCase()}. `;
    const yours = answer.choice === null || !picked ? "" : Number(picked.value) === answer.choice ? "You guessed right. " : "You guessed differently. ";
    at("answer").textContent = `${yours}${right}${answer.text}`;
  }

  function open(place) {
    Object.assign(state, { lesson: place, word: 0, block: null, cell: null });
    play(false);
    for (const [i, button] of [...at("lessons").children].entries()) button.setAttribute("aria-pressed", String(i === place));
    for (const one of lesson().steps) for (const name of Object.values(one.files)) image(`${encodeURIComponent(lesson().folder)}/${name}`);
    drawNumbers();
    showStation();
    go(Math.min(state.step, count() - 1));
  }

  // ---- buttons, keys, fingers ----

  meta.lessons.forEach((one, i) => make("button", { type: "button" }, at("lessons"), one.prompt).addEventListener("click", () => open(i)));
  meta.depths.forEach((name, i) => make("button", { type: "button", role: "radio" }, at("depths"), name)
    .addEventListener("click", () => { state.depth = i; showStation(); }));
  Object.keys(TABS).forEach((name) => make("button", { type: "button", role: "tab" }, at("tabs"), name)
    .addEventListener("click", () => { state.tab = name; drawPanel(); }));
  at("previous").addEventListener("click", () => go(state.step - 1));
  at("next").addEventListener("click", () => go(state.step + 1));
  at("play").addEventListener("click", toggle);
  at("step").addEventListener("input", () => go(Number(at("step").value)));
  at("station-previous").addEventListener("click", () => visit(state.station - 1));
  at("station-next").addEventListener("click", () => visit(state.station + 1));
  at("check").addEventListener("click", check);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "TEXTAREA"].includes(event.target.tagName)) return;
    const inPicture = event.target === at("seen") && state.tab === "Attention" && lesson().words.length;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (inPicture && moves) {
      const [tall, wide] = lesson().attention, [x, y] = state.cell ?? [0, 0];
      choose([Math.min(Math.max(x + moves[0], 0), wide - 1), Math.min(Math.max(y + moves[1], 0), tall - 1)]);
    } else if (moves && moves[0]) go(state.step + moves[0]);
    else if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.tagName !== "SUMMARY") toggle();
    else if (event.key === "n" || event.key === "N") visit(state.station + 1);
    else return;
    event.preventDefault();
  });
  at("seen").addEventListener("pointermove", (event) => {
    const box = at("seen").getBoundingClientRect(), [tall, wide] = lesson().attention;
    if (wide) choose([Math.floor((event.clientX - box.left) / box.width * wide), Math.floor((event.clientY - box.top) / box.height * tall)]
      .map((value, i) => Math.min(Math.max(value, 0), (i ? tall : wide) - 1)));
  });
  let touched = null;
  const pair = document.querySelector(".pair");
  pair.addEventListener("touchstart", (event) => { touched = event.changedTouches[0]; }, { passive: true });
  pair.addEventListener("touchend", (event) => {
    const moved = touched ? event.changedTouches[0].clientX - touched.clientX : 0;
    if (Math.abs(moved) > 40) go(state.step + (moved < 0 ? 1 : -1));
  }, { passive: true });

  const wanted = decodeURIComponent(location.hash.slice(1)), found = meta.lessons.findIndex((one) => one.name === wanted);
  open(Math.max(found, 0));
  visit(0, false);
  document.body.dataset.ready = "true";
};
